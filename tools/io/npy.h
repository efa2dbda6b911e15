// NumPy's .npy files. Format: numpy.lib.format, versions 1.0, 2.0 and 3.0.
//
// Read: bool, (u)int8 to 64, float16 to 64 in either byte order, byte strings and text, C and
// Fortran order. Refused: pickled objects, structured, complex and date types.
// Files are not trusted: sizes are checked against the file before memory is taken.
#pragma once

#include "tools/io/file.h"

#include <engine/tensor.h>

#include <filesystem>
#include <span>
#include <string_view>

namespace engine::tools {

/// Reads an array from memory; `name` is for messages. Throws Error (kInvalidArgument, and
/// kUnsupported for element types that have no counterpart).
Tensor parse_npy(std::span<const std::byte> bytes, std::string_view name);
Tensor read_npy(const std::filesystem::path& file);

/// The tensor as version 1.0, C order, little endian. NumPy has no bfloat16 and no 4-bit integers:
/// those are written as float32 and (u)int8, which hold them exactly. Strings become '<U'.
Bytes to_npy(const Tensor& tensor);
void write_npy(const std::filesystem::path& file, const Tensor& tensor);

}  // namespace engine::tools
