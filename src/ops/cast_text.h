// Numbers from and to text, as Cast reads and prints them.
#pragma once

#include <engine/types.h>

#include <string>
#include <string_view>

namespace engine::ops {

/// Reads a decimal number, in plain or scientific notation, or INF or NaN in any case, with an
/// optional sign and surrounding blanks. False if the text is anything else. Integers that are
/// written as such are exact; other texts become integers through double.
template <class T>
bool parse_number(std::string_view text, T& value) noexcept;

/// The shortest text that reads back as the same value: "3.14", "1e-05", "nan", "-inf". Floats
/// without fraction end in ".0".
template <class T>
std::string print_number(T value);

}  // namespace engine::ops
