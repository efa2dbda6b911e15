#include "session/device.h"

#include "base/check.h"
#include "base/cpu_features.h"
#include "base/text.h"
#include "ops/cpu/kernel.h"
#ifdef ENGINE_OPENCL
#include "ops/opencl/kernel.h"
#endif

#include <engine/session.h>

#include <optional>

namespace engine {
namespace {

constexpr Isa kIsas[] = {Isa::kScalar, Isa::kAvx2, Isa::kAvx512, Isa::kNeon};

constexpr std::string_view kOpenCl = "opencl";

// "opencl", "opencl:0", "opencl:pocl".
bool is_opencl(std::string_view device) {
  return device.starts_with(kOpenCl) &&
         (device.size() == kOpenCl.size() || device[kOpenCl.size()] == ':');
}

std::shared_ptr<const ops::Backend> make_opencl_backend(
    [[maybe_unused]] const std::string& device, [[maybe_unused]] const std::string& program) {
#ifdef ENGINE_OPENCL
  std::optional<opencl::ProgramFolder> offline;
  if (!program.empty()) offline.emplace(program);
  return opencl::make_backend(opencl::Device::open(opencl_name(device), offline),
                              cpu::make_backend(best_isa()));
#else
  fail(ErrorCode::kNotFound, "this build has no OpenCL (opencl-headers were missing)");
#endif
}

#ifdef ENGINE_OPENCL
// How the device computes is known only once it has.
DeviceInfo try_opencl(const std::string& index, const opencl::DeviceFacts& facts) {
  DeviceInfo info{concat(kOpenCl, ":", index), facts.name + ", " + facts.platform, true};
  try {
    const std::string reason = opencl::Device::open(index)->other_bits();
    if (!reason.empty()) info.description += "; may give other bits: " + reason;
  } catch (const Error& error) {
    info.description += concat("; cannot be used: ", error.what());
    info.available = false;
  }
  return info;
}
#endif

std::vector<DeviceInfo> host_devices() {
  std::vector<DeviceInfo> list = {
      {"cpu", std::string("the best instruction set of this CPU, ") + to_string(best_isa()), true}};
  for (const Isa isa : kIsas)
    list.push_back({std::string("cpu:") + to_string(isa),
                    isa == Isa::kScalar ? "no vector instructions" : "forces this instruction set",
                    available(isa)});
  return list;
}

// Names alone: nothing is opened for a message.
std::string device_list() {
  std::vector<std::string> names;
  for (const DeviceInfo& device : host_devices())
    if (device.available) names.push_back(device.name);
#ifdef ENGINE_OPENCL
  for (std::size_t i = 0; i < opencl::Device::list().size(); ++i)
    names.push_back(concat(kOpenCl, ":", i));
#endif
  names.emplace_back("reference");
  return join(names);
}

}  // namespace

std::string opencl_name(const std::string& device) {
  ENGINE_REQUIRE(is_opencl(device), ErrorCode::kInvalidArgument, "device ", quote(device),
                 " is no OpenCL device; there are: ", device_list());
  return device.size() > kOpenCl.size() ? device.substr(kOpenCl.size() + 1) : "";
}

std::shared_ptr<const ops::Backend> make_backend(const std::string& device,
                                                 const std::string& program) {
  if (is_opencl(device)) return make_opencl_backend(device, program);
  ENGINE_REQUIRE(program.empty(), ErrorCode::kInvalidArgument, "device ", quote(device),
                 " takes no program (", quote(program),
                 " is one for OpenCL devices); use it with an opencl device");
  if (device == "cpu") return cpu::make_backend(best_isa());
  if (device == "reference") return ops::make_reference_backend();
  for (const Isa isa : kIsas) {
    if (device != std::string("cpu:") + to_string(isa)) continue;
    ENGINE_REQUIRE(available(isa), ErrorCode::kNotFound, "device ", quote(device),
                   " is not available (this CPU has no ", to_string(isa),
                   "); there are: ", device_list());
    return cpu::make_backend(isa);
  }
  fail(ErrorCode::kInvalidArgument, "there is no device ", quote(device),
       "; there are: ", device_list());
}

std::vector<DeviceInfo> devices() {
  std::vector<DeviceInfo> list = host_devices();
#ifdef ENGINE_OPENCL
  int index = 0;
  for (const opencl::DeviceFacts& facts : opencl::Device::list())
    list.push_back(try_opencl(std::to_string(index++), facts));
#endif
  list.push_back({"reference", "double precision, slow, judges accuracy", true});
  return list;
}

}  // namespace engine
