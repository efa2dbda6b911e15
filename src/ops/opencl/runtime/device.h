// One OpenCL device: what it is, its memory, and its programs.
#pragma once

#include "ops/opencl/runtime/api.h"
#include "ops/opencl/runtime/program_cache.h"
#include "ops/opencl/runtime/program_folder.h"

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace engine::opencl {

/// What a device says of itself.
struct DeviceFacts {
  std::string name, platform, version, driver;
  cl_device_type type = 0;
  int units = 1;                   ///< compute units
  int native_floats = 1;           ///< in a vector register
  std::size_t alignment = 64;      ///< of sub-buffers, in bytes
  std::size_t largest_group = 1;   ///< work-items
  std::size_t memory = 0;          ///< in bytes
  std::size_t largest_buffer = 0;  ///< in bytes
  bool fma = false, denormals = false, special_values = false, exact_division = false;

  bool is_cpu() const noexcept { return (type & CL_DEVICE_TYPE_CPU) != 0; }
  /// Whether a vector of 16 floats takes two registers or more, of which there are 16 then.
  bool is_narrow() const noexcept { return is_cpu() && native_floats < 16; }
  /// What the arithmetic contract needs and the device says not to have; empty if nothing.
  std::string missing() const;
  /// Of the compiler, for all programs.
  std::string options() const;
  /// Floats of a work-item (LANES in kernels/common.cl): those of a CPU are threads that want
  /// vectors, those of other devices are lanes.
  int lanes() const noexcept { return is_cpu() ? 16 : 1; }
};

/// Shared by all sessions on it. Thread-safe.
class Device {
 public:
  /// All devices of all platforms, GPUs first; empty where there is no loader or no driver.
  static std::vector<DeviceFacts> list();

  /// The device that `which` means: "" for the first, an index of `list`, or a part of the name of
  /// a device or its platform in any case. The same object while anyone holds it. With `offline` it
  /// computes with that program and compiles nothing. Throws Error (kNotFound) that lists what
  /// there is, and what ProgramFolder throws.
  static std::shared_ptr<Device> open(const std::string& which,
                                      const std::optional<ProgramFolder>& offline = {});
  /// The device that `which` means. Throws Error (kNotFound).
  static cl_device_id find(const std::string& which);

  explicit Device(cl_device_id id, std::optional<ProgramFolder> offline = {});
  Device(const Device&) = delete;

  const DeviceFacts& facts() const noexcept { return facts_; }
  cl_device_id id() const noexcept { return id_; }
  cl_context context() const noexcept { return context_.get(); }
  /// Why results may have other bits than those of the arithmetic contract: what the device says
  /// not to have, or what its self-test found. Empty if they have not.
  const std::string& other_bits() const noexcept { return other_bits_; }

  /// An in-order queue. With `profiled`, its events have times.
  Queue make_queue(bool profiled = false) const;
  /// Uninitialised memory on the device, or pinned on the host. Throws Error (kResourceExhausted).
  Buffer allocate(std::size_t bytes, cl_mem_flags flags = CL_MEM_READ_WRITE) const;
  /// A copy of host memory on the device; whole cache lines, where kernels read whole vectors.
  Buffer upload(const void* data, std::size_t bytes) const;

  /// How the kernels of this device are written.
  Variant variant() const noexcept {
    return offline_ ? offline_->manifest().variant : Variant::kStandard;
  }
  /// Whether a kernel is one work-item that gets its grid as last arguments (kernels/fpga).
  bool is_single_item() const noexcept { return variant() == Variant::kFpga; }
  /// Work-items that hold a vector together: along dimension 0 of each grid.
  std::size_t lane_items() const noexcept;
  /// Whether the device's variant has such a kernel: kernels/fpga has fewer than the standard one.
  bool has_kernel(std::string_view kernel) const noexcept;

  /// An own object of a kernel of ops/opencl/kernels/<program>.cl, which is taken from the offline
  /// program, if there is one, or from the cache, or built at first use. Throws Error
  /// (kDeviceFailed) with the compiler's log.
  KernelHandle make_kernel(const char* program, const char* kernel);

  struct Compiled {
    std::string binary;
    std::set<std::string, std::less<>> kernels;
  };
  /// A text that includes nothing, as a binary. Throws Error (kDeviceFailed) with the compiler's
  /// log.
  Compiled compile(const std::string& source, const std::string& options) const;

  /// Drivers compile a kernel for a group size when it is first launched so. True if the program as
  /// it was cached has not run this launch, of which `launch` is any name.
  bool is_new(const char* program, const std::string& launch);
  /// Caches the programs with all launches that were asked for so far, which have run by now.
  void save_programs() noexcept;

 private:
  struct Built {
    Program program;
    std::optional<ProgramCache> cache;  // none of an offline program
    std::set<std::string> stored, launched;
  };
  void judge();
  static void save(Built& known);
  Built& built(const std::string& name);
  Built load_or_build(const std::string& name) const;
  Built load_offline() const;
  Program build_binary(const std::string& binary, const std::string& options,
                       std::string& problem) const;
  Program build(const std::string& name, const std::string& source,
                const std::string& options) const;
  std::string build_log(cl_program program) const;

  cl_device_id id_;
  DeviceFacts facts_;
  std::optional<ProgramFolder> offline_;
  std::string other_bits_;
  ContextHandle context_;
  std::mutex mutex_;
  std::map<std::string, Built, std::less<>> programs_;
};

}  // namespace engine::opencl
