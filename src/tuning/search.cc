#include "tuning/search.h"

#include <algorithm>

namespace engine::tuning {
namespace {

// What noise between two measurements may be.
constexpr double kLeast = 1.02;

}  // namespace

Search::Search(ops::Tunable layer, Entry known)
    : layer_(std::move(layer)), entry_(std::move(known)) {
  entry_.steps = std::clamp<Index>(entry_.steps, 0, steps());
  prepare();
}

Index Search::steps() const noexcept {
  Index values = 0;
  for (const ops::Parameter& p : layer_.parameters) values += std::ssize(p.values);
  return values + 1;
}

void Search::judge(double speedup) {
  const bool last = entry_.steps + 1 == steps();
  if (speedup > kLeast) {
    entry_.choice = challenger_;
    if (last) entry_.speedup = speedup;
  } else if (last) {
    entry_.choice = {};
  }
  if (entry_.choice.empty()) entry_.speedup = 1;
  ++entry_.steps;
  prepare();
}

// On to the next step that compares anything.
void Search::prepare() {
  while (!finished() && !draw_step()) ++entry_.steps;
}

// Makes the two sides of the step; false if they are the same.
bool Search::draw_step() {
  incumbent_ = challenger_ = entry_.choice;
  if (entry_.steps + 1 == steps()) {
    incumbent_ = {};
    return !challenger_.empty();
  }
  Index step = entry_.steps;
  for (const ops::Parameter& p : layer_.parameters) {
    if (step >= std::ssize(p.values)) {
      step -= std::ssize(p.values);
      continue;
    }
    const Index value = p.values[static_cast<std::size_t>(step)];
    const auto standard = layer_.defaults.find(p.name);
    if (standard != layer_.defaults.end() && standard->second == value) challenger_.erase(p.name);
    else challenger_[p.name] = value;
    break;
  }
  return challenger_ != incumbent_;
}

}  // namespace engine::tuning
