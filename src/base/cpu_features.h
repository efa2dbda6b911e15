// What this CPU can do.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace engine {

/// Instruction sets that kernels are compiled for. All give the same bits.
enum class Isa : int { kScalar, kAvx2, kAvx512, kNeon };

const char* to_string(Isa isa) noexcept;

/// Compiled into this build and offered by this CPU and operating system.
bool available(Isa isa) noexcept;

/// The fastest available one.
Isa best_isa() noexcept;

/// The CPU as people know it.
struct CpuInfo {
  std::string model;
  int cores = 1;
  std::size_t l1_data = 0, l2 = 0, l3 = 0;  ///< bytes; 0 if the system does not say
};
CpuInfo cpu_info();

}  // namespace engine
