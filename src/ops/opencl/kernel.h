// What an operator is on an OpenCL device: launches of kernels, as data.
#pragma once

#include "ops/backend.h"
#include "ops/opencl/runtime/device.h"

#include <array>
#include <initializer_list>
#include <variant>

namespace engine::opencl {

using ops::Binding;
using ops::Fault;

/// Integers of a launch: kernels index with 32 bits.
using Ints = std::array<cl_int, 8>;

/// An argument of a kernel, by what it stands for. Operands lie where the plan puts them.
struct In {
  std::size_t index;
};
struct Out {
  std::size_t index;
};
struct Scratch {
  std::size_t offset, bytes;
};
/// Where a kernel reports bad values: two arguments, the run's FaultCell and the number of the
/// step.
struct Faults {};
using Argument = std::variant<In, Out, Scratch, Faults, cl_mem, cl_int, cl_float, Ints>;

/// The first fault of a run (`report` in kernels/common.cl): `step` counts from 1, 0 is none.
struct FaultCell {
  cl_int step = 0, kind = 0;
  cl_long a = 0, b = 0;
};

/// One kernel over a grid of work-items. Nothing is launched on a grid without items.
struct Launch {
  const char* program;  ///< ops/opencl/kernels/<program>.cl
  const char* kernel;
  std::vector<Argument> arguments;
  std::array<std::size_t, 3> items = {1, 1, 1};
  std::array<std::size_t, 3> group = {1, 1, 1};  ///< work-items of a group; divides `items`
  std::array<std::size_t, 3> first = {0, 0, 0};  ///< of the global ids
};

/// The next part of a step's scratch memory, of which `used` bytes are taken, where the device can
/// have it as an operand.
inline Scratch take_scratch(const Device& device, std::size_t bytes, std::size_t& used) {
  const std::size_t alignment = device.facts().alignment;
  const std::size_t offset = (used + alignment - 1) / alignment * alignment;
  used = offset + bytes;
  return {offset, bytes};
}

/// Constants of a node on the device. What falls back keeps the host's.
struct PackedBuffers final : ops::Packed {
  std::vector<Buffer> buffers;
  std::shared_ptr<const Packed> host;
};

/// A step on the device. Immutable.
class DeviceKernel final : public ops::Kernel {
 public:
  struct Parts {
    std::string name;
    std::vector<Launch> launches;
    std::size_t scratch = 0;    ///< bytes
    unsigned overwritable = 0;  ///< inputs (bits) in whose memory output 0 may lie
    std::optional<ops::Tunable> tunable = {};
    std::vector<Buffer> tables = {};  ///< memory of the step's own that launches name
  };
  DeviceKernel(std::shared_ptr<Device> device, const Binding& binding, Parts parts);
  /// Of one input and one output, of so many bytes each.
  DeviceKernel(std::shared_ptr<Device> device, std::size_t in, std::size_t out, Parts parts);

  const std::vector<Launch>& launches() const noexcept { return parts_.launches; }
  /// Bytes of the operands; 0 for those that are absent.
  std::span<const std::size_t> in_bytes() const noexcept { return in_bytes_; }
  std::span<const std::size_t> out_bytes() const noexcept { return out_bytes_; }

  /// On operands in host memory: up, run, down. For plans a DeviceRun does better.
  Fault run(const ops::Call& call) const noexcept override;
  std::size_t scratch_bytes(int) const noexcept override { return parts_.scratch; }
  bool may_overwrite(Index input) const noexcept override {
    return ops::has_input(parts_.overwritable, static_cast<std::size_t>(input));
  }
  std::string name() const override { return parts_.name + "[opencl]"; }
  std::optional<ops::Tunable> tunable() const override { return parts_.tunable; }

 private:
  std::shared_ptr<Device> device_;
  Parts parts_;
  std::vector<std::size_t> in_bytes_, out_bytes_;
};

/// A node that the device has no kernel for, on the host.
class HostKernel final : public ops::Kernel {
 public:
  HostKernel(std::unique_ptr<ops::Kernel> kernel, const Binding& binding);

  std::span<const std::size_t> in_bytes() const noexcept { return in_bytes_; }
  std::span<const std::size_t> out_bytes() const noexcept { return out_bytes_; }
  Fault run(const ops::Call& call) const noexcept override { return kernel_->run(call); }
  std::size_t scratch_bytes(int threads) const noexcept override {
    return kernel_->scratch_bytes(threads);
  }
  std::string name() const override { return kernel_->name() + " on the host"; }
  bool is_fallback() const noexcept override { return true; }

 private:
  std::unique_ptr<ops::Kernel> kernel_;
  std::vector<std::size_t> in_bytes_, out_bytes_;
};

/// How families are found: one line per operator in kernels.inc. `bind` returns nothing for what
/// the device has no kernel for; `pack` null for what it does not pack.
struct KernelDef {
  std::string_view op;
  std::optional<DeviceKernel::Parts> (*bind)(const Device& device, const Binding& binding);
  std::shared_ptr<PackedBuffers> (*pack)(const Device& device, const ops::Operator& op,
                                         const ops::Operands& in);
};

/// The backend of a device; what it has no kernel for runs on `host`.
std::unique_ptr<ops::Backend> make_backend(std::shared_ptr<Device> device,
                                           std::shared_ptr<const ops::Backend> host);

/// Bytes of an operand in the layout that it has; 0 if it is absent.
template <class Operand>
std::size_t operand_bytes(const Operand& operand) {
  if (!operand) return 0;
  return operand.layout.blocked ? ops::blocked_bytes(operand.shape(), operand.layout)
                                : static_cast<std::size_t>(operand.size()) * size_of(operand.dtype);
}

/// An operand that a node may lack; its kernel sees a null pointer then.
inline Argument input_or_none(const Binding& binding, std::size_t i) {
  return i < binding.in.size() && binding.in[i] ? Argument(In{i}) : Argument(cl_mem{nullptr});
}
inline Argument output_or_none(const Binding& binding, std::size_t i) {
  return i < binding.out.size() && binding.out[i] ? Argument(Out{i}) : Argument(cl_mem{nullptr});
}

/// As an argument; the caller has made sure that it fits (`fits_ints`).
inline cl_int to_int(Index n) { return static_cast<cl_int>(n); }
/// Whether kernels can index all operands of a binding.
bool fits_ints(const Binding& binding);

}  // namespace engine::opencl
