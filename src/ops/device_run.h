// Runs on devices that keep tensors in memory of their own.
#pragma once

#include "ops/operator.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace engine::ops {

class Kernel;

/// Where a tensor of a plan lies.
struct Place {
  enum class Kind : std::uint8_t { kAbsent, kArena, kConstant };
  Kind kind = Kind::kAbsent;
  std::size_t offset = 0;          ///< in the arena
  const void* constant = nullptr;  ///< in host memory; kept alive by the plan or the program
};

/// What a run does, step by step, before it has memory. Whoever records it keeps the kernels and
/// the constants alive.
struct Recording {
  struct Step {
    const Kernel* kernel;
    std::span<const Place> in, out;
    std::size_t scratch;  ///< offset in the arena
  };
  struct Port {
    Place place;
    std::size_t bytes;
  };
  std::vector<Step> steps;
  std::vector<Port> inputs, outputs;
  std::size_t arena_bytes = 0;
};

/// A recording with memory on its device. One thread at a time.
class DeviceRun {
 public:
  virtual ~DeviceRun() = default;
  /// Host memory of a graph input, written before a run, and of an output, read after it.
  virtual std::byte* input(std::size_t i) noexcept = 0;
  virtual std::byte* output(std::size_t i) noexcept = 0;
  /// Uploads, computes, downloads, and waits for all of it. On a fault `step` is where it was, or
  /// -1; nothing is under way any more.
  virtual Fault run(std::ptrdiff_t& step) noexcept = 0;
  /// The same with the time that each step took on the device, in nanoseconds.
  virtual Fault run(std::ptrdiff_t& step, std::span<std::int64_t> spent) = 0;

  /// Whether steps run on the host, between transfers: such runs cannot be started.
  virtual bool needs_host() const noexcept = 0;
  using Done = std::function<void(const Fault& fault, std::ptrdiff_t step)>;
  /// The same as `run`, but returns when all of it is queued. `done` is called once: by a thread of
  /// the driver, which must not be kept, or before this returns if the device refuses. Until then
  /// this may not be destroyed, nor its memory touched.
  virtual void start(Done done) noexcept = 0;
};

}  // namespace engine::ops
