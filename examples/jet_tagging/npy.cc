#include "npy.h"

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <stdexcept>
#include <string>

namespace jets {
namespace {

// The header is a Python dictionary: {'descr': '<f4', 'fortran_order': False, 'shape': (4000, 16),
// }
std::string read_header(std::ifstream& in, const std::string& file) {
  char start[10] = {};
  in.read(start, sizeof start);
  if (!in || std::string(start, 7) != "\x93NUMPY\x01")
    throw std::runtime_error(file + " is not a .npy file of version 1");
  const auto length =
      static_cast<unsigned char>(start[8]) + 256u * static_cast<unsigned char>(start[9]);
  std::string header(length, ' ');
  in.read(header.data(), static_cast<std::streamsize>(length));
  return header;
}

template <class T>
Table<T> read(const std::filesystem::path& file, const char* type) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw std::runtime_error("cannot open " + file.string());
  const std::string header = read_header(in, file.string());
  if (header.find(type) == std::string::npos ||
      header.find("'fortran_order': False") == std::string::npos)
    throw std::runtime_error(file.string() + " does not hold " + type + " in C order");
  Table<T> table;
  const auto shape = header.find("'shape': (");
  if (shape == std::string::npos ||
      std::sscanf(header.c_str() + shape, "'shape': (%zu, %zu", &table.rows, &table.columns) < 1)
    throw std::runtime_error(file.string() + " has no shape");
  const auto bytes = std::filesystem::file_size(file) - static_cast<std::uintmax_t>(in.tellg());
  if (table.columns == 0 || bytes != table.rows * table.columns * sizeof(T))
    throw std::runtime_error(file.string() + " is damaged");
  table.values.resize(table.rows * table.columns);
  in.read(reinterpret_cast<char*>(table.values.data()), static_cast<std::streamsize>(bytes));
  return table;
}

}  // namespace

Table<float> read_floats(const std::filesystem::path& file) { return read<float>(file, "'<f4'"); }
Table<int> read_ints(const std::filesystem::path& file) { return read<int>(file, "'<i4'"); }

}  // namespace jets
