// Choices of tuning tables as nobody would make them.
#pragma once

#include "ops/tuning.h"

#include <iterator>
#include <limits>
#include <random>

namespace engine::test {

/// Values that may be anything: sensible, hostile, or left out.
inline ops::Choice random_choice(const ops::Tunable& layer, std::mt19937& bits) {
  constexpr Index kHostile[] = {
      0, -1, 1, 3, 1 << 20, std::numeric_limits<Index>::max(), std::numeric_limits<Index>::min()};
  ops::Choice choice = {{"unknown", 7}};
  for (const ops::Parameter& p : layer.parameters) {
    const auto draw = bits() % 4;
    if (draw == 0) choice[p.name] = kHostile[bits() % std::size(kHostile)];
    else if (draw < 3) choice[p.name] = p.values[bits() % p.values.size()];
  }
  return choice;
}

}  // namespace engine::test
