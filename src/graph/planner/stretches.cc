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

}  // namespace

std::vector<Stretch> choose_stretches(const std::vector<StepTraffic>& steps, std::size_t near) {
  constexpr std::size_t kMostPieces = 64;  // of which each is a step to walk over
  std::vector<Stretch> list;
  for (std::size_t first = 0; first < steps.size();) {
    if (!steps[first].by_sample) {
      ++first;
      continue;
    }
    const std::size_t samples = steps[first].samples;
    const std::size_t fewest = (samples + kMostPieces - 1) / kMostPieces;
    std::size_t piece = samples, last = first, count = 0;
    for (std::size_t s = first; s < steps.size() && steps[s].samples == samples; ++s) {
      const std::size_t common = std::max(fewest, std::min(piece, piece_of(steps[s], near)));
      if (!gains(steps[s], common)) break;
      piece = common;
      last = s;
      ++count;
    }
    if (count >= 2) list.push_back({first, last, samples, piece});
    first = std::max(first + 1, last + 1);
  }
  return list;
}

}  // namespace engine::graph
