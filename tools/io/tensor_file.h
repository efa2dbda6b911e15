// A tensor from a file of any of the kinds that the command takes.
#pragma once

#include <engine/tensor.h>

#include <string>
#include <string_view>

namespace engine::tools {

/// Reads FILE.npy, FILE.npz, FILE.npz:MEMBER, FILE.pb (a serialised ONNX tensor) or FILE.csv.
/// `input` is the member of an archive that is meant if none is named, and stands in messages;
/// `wanted` is the type that the numbers of a .csv file get. The result may have another type.
Tensor read_tensor(const std::string& file, std::string_view input, DType wanted);

/// The parts of FILE.npz:MEMBER; the member is empty if none is named.
struct ArchiveName {
  std::string file, member;
};
/// Nothing sensible unless `is_archive`.
ArchiveName split_archive_name(const std::string& file);
bool is_archive(const std::string& file);

}  // namespace engine::tools
