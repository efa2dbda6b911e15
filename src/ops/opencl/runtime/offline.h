// Making program folders (program_folder.h).
#pragma once

#include "ops/opencl/runtime/program_folder.h"

#include <filesystem>
#include <string>

namespace engine::opencl {

struct OfflineProgram {
  Manifest manifest;
  std::string other_bits;  ///< Device::other_bits of the device with this program
};

/// Compiles all kernels for a device, whose driver has the compiler, into a folder, once the device
/// has taken the binary and been tested with it. Throws Error.
OfflineProgram build_program(const std::string& device, Variant variant,
                             const std::filesystem::path& folder);

/// Writes the text for boards, and a manifest without a binary, for a vendor's compiler. Needs no
/// device. Throws Error (kIo).
OfflineProgram write_fpga_source(const std::filesystem::path& folder);

/// The same as `build_program` with what a vendor's compiler made of that text, which the driver
/// sees as it is. Throws Error.
OfflineProgram wrap_binary(const std::string& device, const std::filesystem::path& binary,
                           const std::filesystem::path& folder);

}  // namespace engine::opencl
