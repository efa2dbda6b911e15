// One table of operator cases for the bits tests and the golden hashes: what carries most of the
// arithmetic of a network, at sizes on, below and above a register and a block.
#pragma once

#include "support/operator_case.h"

#include <functional>
#include <string>
#include <vector>

namespace engine::test {

struct BitCase {
  std::string name;
  std::function<OperatorCase(Index batch)> make;  ///< the same numbers every time
  unsigned batched = 1;  ///< bit i: axis 0 of input i is the batch; 0: the case has no batch
  Index products = 0;    ///< multiply-adds per sample, roughly
};

const std::vector<BitCase>& bit_cases();

/// `count` rows of `pool`, around its end.
Tensor take_rows(const Tensor& pool, Index count, Index first);

/// The case of `whole` with rows [first, first + batch) of its batched inputs.
OperatorCase take_samples(const OperatorCase& whole, unsigned batched, Index batch, Index first);

/// The case at two samples with special values in its first input, and in the parameters that
/// `rarity` chooses: not in all, so that they do not drown what the others do.
OperatorCase special_case(const BitCase& c, int rarity);

}  // namespace engine::test
