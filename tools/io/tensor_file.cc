#include "tools/io/tensor_file.h"

#include "base/check.h"
#include "base/text.h"
#include "loaders/onnx/load.h"
#include "tools/io/csv.h"
#include "tools/io/file.h"
#include "tools/io/npy.h"
#include "tools/io/npz.h"

#include <filesystem>

namespace engine::tools {
namespace {

constexpr std::string_view kArchiveMark = ".npz:";

Tensor read_archive(const std::string& file, std::string_view input) {
  const ArchiveName name = split_archive_name(file);
  const Npz archive = Npz::open(name.file);
  if (!name.member.empty()) return archive.read(name.member);
  const std::vector<std::string> names = archive.names();
  if (names.size() == 1) return archive.read(names.front());
  return archive.read(input);
}

Tensor read_pb(const std::string& file) {
  try {
    return onnx::load_tensor(read_file(file));
  } catch (const Error& error) {
    fail(error.code(), quote(file), ": ", error.what());
  }
}

// The other types are read as float32 and converted where that changes no value.
DType csv_type(DType wanted) {
  switch (wanted) {
    case DType::kFloat16:
    case DType::kBFloat16:
    case DType::kInt4:
    case DType::kUInt4:
    case DType::kBool:
    case DType::kString: return DType::kFloat32;
    default: return wanted;
  }
}

}  // namespace

bool is_archive(const std::string& file) {
  return file.ends_with(".npz") || file.find(kArchiveMark) != std::string::npos;
}

ArchiveName split_archive_name(const std::string& file) {
  const std::size_t mark = file.find(kArchiveMark);
  if (mark == std::string::npos || std::filesystem::exists(file)) return {file, {}};
  return {file.substr(0, mark + 4), file.substr(mark + kArchiveMark.size())};
}

Tensor read_tensor(const std::string& file, std::string_view input, DType wanted) {
  if (is_archive(file)) return read_archive(file, input);
  const std::string extension = std::filesystem::path(file).extension();
  if (extension == ".npy") return read_npy(file);
  if (extension == ".csv") return read_csv(file, csv_type(wanted));
  if (extension == ".pb") return read_pb(file);
  fail(ErrorCode::kInvalidArgument, "cannot tell what ", quote(file), " is for input ",
       quote(input), " (its name ends neither in .npy, .npz, .csv nor .pb)");
}

}  // namespace engine::tools
