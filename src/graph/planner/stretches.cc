#include "graph/planner/stretches.h"

#include <algorithm>

namespace engine::graph {
namespace {

// Samples of which a step keeps what it reads and writes close: one at least.
std::size_t piece_of(const StepTraffic& step, std::size_t near) {
  return std::clamp<std::size_t>(near / std::max<std::size_t>(1, step.sample), 1, step.samples);
}

bool gains(const StepTraffic& step, std::size_t piece) {
  return step.by_sample && piece < step.samples && step.shared / piece <= step.sample;
}

// The longest stretch that begins with a step, on as many samples as stay close in all of its
// steps.
Stretch stretch_from(const std::vector<StepTraffic>& steps, std::size_t first, std::size_t near) {
  constexpr std::size_t kMostPieces = 64;  // of which each is a step to walk over
  const std::size_t samples = steps[first].samples;
  const std::size_t fewest = (samples + kMostPieces - 1) / kMostPieces;
  Stretch stretch{first, first, samples, samples};
  std::size_t piece = samples;
  for (std::size_t s = first; s < steps.size() && steps[s].samples == samples; ++s) {
    if (steps[s].whole >= static_cast<std::ptrdiff_t>(first)) break;
    piece = std::max(fewest, std::min(piece, piece_of(steps[s], near)));
    const auto begin = steps.begin() + static_cast<std::ptrdiff_t>(first);
    const auto end = steps.begin() + static_cast<std::ptrdiff_t>(s) + 1;
    if (!std::all_of(begin, end, [&](const StepTraffic& t) { return gains(t, piece); })) break;
    if (!steps[s].is_view) stretch.last = s, stretch.piece = piece;
  }
  return stretch;
}

}  // namespace

std::vector<Stretch> choose_stretches(const std::vector<StepTraffic>& steps, std::size_t near) {
  std::vector<Stretch> list;
  for (std::size_t first = 0; first < steps.size();) {
    const bool begins = steps[first].by_sample && !steps[first].is_view;
    const Stretch stretch = begins ? stretch_from(steps, first, near) : Stretch{first, first};
    if (stretch.last > first) list.push_back(stretch);  // one step alone gains nothing
    first = stretch.last + 1;
  }
  return list;
}

}  // namespace engine::graph
