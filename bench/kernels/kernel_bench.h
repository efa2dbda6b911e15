// Kernels timed one by one, in turns, against the roofs of the machine.
#pragma once

#include "support/bit_cases.h"
#include "tools/bench/cost.h"

#include <functional>
#include <string>
#include <vector>

namespace engine::bench {

struct KernelOptions {
  std::string device = "cpu";
  std::string filter;  ///< expression that a case's name contains, without or with its layout
  std::string table = "all";  ///< "bits", "layers" or "all"
  Index batch = 0;            ///< 0: what the case is used at
  int threads = 1, rounds = 9;
  double seconds = 0.1;  ///< for each kernel, over all rounds
  bool plain = true, blocked = true;
};

/// A case at its batch.
struct ChosenCase {
  test::BitCase made_by;
  Index batch = 1;
};

/// Cases whose name matches in a layout that is wanted; whether a kernel takes blocked tensors is
/// known only when it is bound. Throws Error (kInvalidArgument) if the filter is no expression or
/// no case matches.
std::vector<ChosenCase> choose_cases(const KernelOptions& options);

struct KernelReport {
  std::string device;
  tuning::MachinePeak peak;  ///< the best of several measurements between the rounds
  std::vector<tools::NodeCost> kernels;
};

/// Bytes that must move at least: inputs, weights and outputs once. Of a tensor that is gathered
/// from, no more than what is taken.
Index least_bytes(const test::OperatorCase& c);

KernelReport measure_kernels(const std::vector<ChosenCase>& cases, const KernelOptions& options);

}  // namespace engine::bench
