#include "ops/opencl/kernel.h"

#include "base/aligned.h"
#include "base/check.h"
#include "ops/opencl/execution.h"

#include <algorithm>
#include <cstring>
#include <limits>

namespace engine::opencl {
namespace {

template <class Operands>
std::vector<std::size_t> bytes_of(const Operands& operands) {
  std::vector<std::size_t> list;
  for (const auto& operand : operands) list.push_back(operand_bytes(operand));
  return list;
}

// A plan of one step, laid out for a device.
struct SingleStep {
  std::vector<ops::Place> in, out;
  ops::Recording recording;

  SingleStep(const DeviceKernel& kernel, const ops::Call& call, std::size_t alignment) {
    const auto take = [&](std::size_t bytes) {
      const std::size_t offset = recording.arena_bytes;
      recording.arena_bytes += (whole_lines(bytes) + alignment) / alignment * alignment;
      return offset;
    };
    const auto place = [&](std::size_t bytes, const void* data, std::vector<ops::Place>& places,
                           std::vector<ops::Recording::Port>& ports) {
      places.emplace_back();
      if (!data) return;
      places.back() = {ops::Place::Kind::kArena, take(bytes), nullptr};
      ports.push_back({places.back(), bytes});
    };
    for (std::size_t i = 0; i < kernel.in_bytes().size(); ++i)
      place(kernel.in_bytes()[i], call.in[i], in, recording.inputs);
    for (std::size_t i = 0; i < kernel.out_bytes().size(); ++i)
      place(kernel.out_bytes()[i], call.out[i], out, recording.outputs);
    const std::size_t scratch = take(kernel.scratch_bytes(1));
    recording.steps.push_back({&kernel, in, out, scratch});
  }
};

}  // namespace

DeviceKernel::DeviceKernel(std::shared_ptr<Device> device, const Binding& binding, Parts parts)
    : device_(std::move(device)),
      parts_(std::move(parts)),
      in_bytes_(bytes_of(binding.in)),
      out_bytes_(bytes_of(binding.out)) {}

DeviceKernel::DeviceKernel(std::shared_ptr<Device> device, std::size_t in, std::size_t out,
                           Parts parts)
    : device_(std::move(device)), parts_(std::move(parts)), in_bytes_{in}, out_bytes_{out} {}

Fault DeviceKernel::run(const ops::Call& call) const noexcept {
  try {
    const SingleStep single(*this, call, device_->facts().alignment);
    const auto run = make_run(device_, single.recording, call.pool);
    std::size_t input = 0, output = 0;
    for (std::size_t i = 0; i < in_bytes_.size(); ++i)
      if (call.in[i]) std::memcpy(run->input(input++), call.in[i], in_bytes_[i]);
    std::ptrdiff_t step = -1;
    if (const Fault fault = run->run(step); !fault.ok()) return fault;
    for (std::size_t i = 0; i < out_bytes_.size(); ++i)
      if (call.out[i]) std::memcpy(call.out[i], run->output(output++), out_bytes_[i]);
    return ops::kNoFault;
  } catch (const std::bad_alloc&) {
    return {Status::Fault::kResourceExhausted, 0, 0};
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kResourceExhausted)
      return {Status::Fault::kResourceExhausted, 0, 0};
    const auto* driver = dynamic_cast<const DriverError*>(&error);
    return {Status::Fault::kDevice, driver ? driver->driver_code() : 0, 0};
  } catch (...) {
    return {Status::Fault::kInternal, 0, 0};
  }
}

HostKernel::HostKernel(std::unique_ptr<ops::Kernel> kernel, const Binding& binding)
    : kernel_(std::move(kernel)),
      in_bytes_(bytes_of(binding.in)),
      out_bytes_(bytes_of(binding.out)) {}

bool fits_ints(const Binding& binding) {
  constexpr std::size_t kShare = std::size_t{1}
                                 << 16;  // behind the end of what units take together
  constexpr auto kMost = static_cast<std::size_t>(std::numeric_limits<cl_int>::max()) - kShare;
  const auto fits = [](const auto& operand) { return operand_bytes(operand) <= kMost; };
  return std::ranges::all_of(binding.in, fits) && std::ranges::all_of(binding.out, fits);
}

}  // namespace engine::opencl
