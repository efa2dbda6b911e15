// Just enough of NumPy's format to read this example's data.
#pragma once

#include <filesystem>
#include <vector>

namespace jets {

/// A table of numbers, row-major.
template <class T>
struct Table {
  std::vector<T> values;
  std::size_t rows = 0, columns = 1;
};

/// Reads one- and two-dimensional little-endian arrays in C order. Throws std::runtime_error if the
/// file is something else.
Table<float> read_floats(const std::filesystem::path& file);
Table<int> read_ints(const std::filesystem::path& file);

}  // namespace jets
