// A folder with a program that was compiled beforehand, for devices that have no compiler: one
// binary with all kernels, and the manifest that says what it is for. `engine opencl-build` writes
// it.
#pragma once

#include "ops/opencl/runtime/manifest.h"

#include <filesystem>
#include <set>
#include <string>

namespace engine::opencl {

struct DeviceFacts;

/// Whatever lies in it is held for hostile: sizes are bounded, and nothing reaches a driver that is
/// damaged or made for something else. A binary is code, though: its checksum tells damage, not
/// intent.
class ProgramFolder {
 public:
  /// Reads the manifest. Throws Error (kNotFound, kInvalidArgument) that names the folder.
  explicit ProgramFolder(std::filesystem::path path);

  const Manifest& manifest() const noexcept { return manifest_; }
  /// Of the manifest: folders of equal text have the same program.
  const std::string& identity() const noexcept { return identity_; }

  /// Throws Error (kInvalidArgument) unless the program is for this device, its driver, and the
  /// kernels of this library; the message has both values.
  void require_for(const DeviceFacts& facts) const;
  /// The binary, if it is what the manifest says. Throws Error (kNotFound, kInvalidArgument).
  std::string binary() const;
  /// Throws Error (kInvalidArgument): "the OpenCL program in 'DIR' <why>; <what to do>".
  [[noreturn]] void refuse(const std::string& why) const;

 private:
  std::filesystem::path path_;
  std::string identity_;
  Manifest manifest_;
};

/// What a program is made of. At the end of the text is a kernel whose name has the checksum of
/// what comes before it (`seal_kernel`): a binary that has this kernel was made of this text.
struct SealedSource {
  std::string text, checksum;
};
SealedSource source_for(const DeviceFacts& facts, Variant variant);
/// The same for boards, whose text depends on no device.
SealedSource fpga_source();
std::string seal_kernel(std::string_view checksum);
/// The names of the single work-items of a text: of one for boards, all kernels.
std::set<std::string, std::less<>> item_kernels(const SealedSource& source);

/// What the manifest of a program for a device says, but for binary and kernels.
Manifest manifest_for(const DeviceFacts& facts, Variant variant);

/// Writes the parts of a folder, each aside and then renamed, the manifest last. What is empty is
/// not written. Throws Error (kIo).
void write_program(const std::filesystem::path& folder, const Manifest& manifest,
                   std::string_view source, std::string_view binary);

}  // namespace engine::opencl
