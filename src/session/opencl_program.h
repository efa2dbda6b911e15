// Making the folders that SessionOptions::program names, with or without OpenCL in this build.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace engine {

/// What folder is to be made, and from what.
struct ProgramRequest {
  std::string device = "opencl";     ///< as SessionOptions::device
  std::string variant = "standard";  ///< or "fpga": kernels for the compilers of boards
  std::string folder;                ///< to be written
  /// Write the text for a vendor's compiler instead of a binary; no device is asked.
  bool source_only = false;
  std::string binary;  ///< what that compiler made of it: a file, or empty
};

/// What the manifest of the folder says.
struct ProgramReport {
  std::string device, platform, driver;
  std::string source, binary;  ///< checksums
  std::size_t bytes = 0;       ///< of the binary
  std::vector<std::string> kernels;
  std::map<std::string, std::vector<std::string>> tiles;
  std::string other_bits;  ///< why the device may give other bits; empty if it does not
};

/// Throws Error: kInvalidArgument, kNotFound (no such device, no OpenCL), kDeviceFailed, kIo.
ProgramReport make_program(const ProgramRequest& request);

}  // namespace engine
