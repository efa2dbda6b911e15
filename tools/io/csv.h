// Tables of numbers as text.
//
// One row a line, fields separated by the first of , ; or tab that the first row uses. Spaces
// around fields, quotes around them, a byte-order mark, CR LF, empty lines and lines that begin
// with # are allowed. The first row is a header if none of its fields is a number.
#pragma once

#include <engine/tensor.h>

#include <filesystem>
#include <string_view>

namespace engine::tools {

/// Elements of `dtype` (a number type), shape [rows, columns]. Every number is rounded once,
/// straight to `dtype`; integers must be integers in range. Throws Error (kInvalidArgument) with
/// line and column.
Tensor parse_csv(std::string_view text, std::string_view name, DType dtype = DType::kFloat32);
Tensor read_csv(const std::filesystem::path& file, DType dtype = DType::kFloat32);

}  // namespace engine::tools
