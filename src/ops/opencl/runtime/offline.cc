#include "ops/opencl/runtime/offline.h"

#include "base/cache_files.h"
#include "base/check.h"
#include "base/text.h"
#include "ops/opencl/runtime/checksum.h"
#include "ops/opencl/runtime/device.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace engine::opencl {
namespace {

namespace fs = std::filesystem;

// A folder that is gone in the end.
class PassingFolder {
 public:
  PassingFolder() {
    std::error_code error;
    const fs::path parent = fs::temp_directory_path(error);
    ENGINE_REQUIRE(!error, ErrorCode::kIo, "there is no folder for temporary files (",
                   error.message(), "); let TMPDIR name one");
    path_ = (parent / "engine_program_XXXXXX").string();
    ENGINE_REQUIRE(mkdtemp(path_.data()), ErrorCode::kIo, "cannot make a folder ", quote(path_),
                   " (", std::strerror(errno), ")");
  }
  ~PassingFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  PassingFolder(const PassingFolder&) = delete;
  const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

// What does not work is not left in `folder`.
OfflineProgram prove_and_write(const std::string& device, Manifest manifest,
                               const std::string& binary, const fs::path& folder) {
  manifest.binary = hex(checksum(binary));
  manifest.bytes = binary.size();
  std::string other_bits;
  {
    const PassingFolder trial;
    write_program(trial.path(), manifest, "", binary);
    other_bits = Device::open(device, ProgramFolder(trial.path()))->other_bits();
  }
  write_program(folder, manifest, "", binary);
  return {std::move(manifest), std::move(other_bits)};
}

}  // namespace

OfflineProgram build_program(const std::string& device, Variant variant, const fs::path& folder) {
  const Device target(Device::find(device));
  Manifest manifest = manifest_for(target.facts(), variant);
  Device::Compiled compiled =
      target.compile(source_for(target.facts(), variant).text, manifest.options);
  manifest.kernels = std::move(compiled.kernels);
  return prove_and_write(device, std::move(manifest), compiled.binary, folder);
}

OfflineProgram write_fpga_source(const fs::path& folder) {
  const SealedSource source = fpga_source();
  Manifest manifest;
  manifest.variant = Variant::kFpga;
  manifest.source = source.checksum;
  manifest.kernels = item_kernels(source);
  write_program(folder, manifest, source.text, "");
  return {std::move(manifest), ""};
}

OfflineProgram wrap_binary(const std::string& device, const fs::path& binary,
                           const fs::path& folder) {
  std::string problem;
  const auto bytes = read_file(binary, kMostBinaryBytes, problem);
  ENGINE_REQUIRE(bytes && !bytes->empty(), ErrorCode::kNotFound, "there is no binary in ",
                 quote(binary.string()), " (", bytes ? "it is empty" : problem, ")");
  Manifest manifest = manifest_for(Device(Device::find(device)).facts(), Variant::kFpga);
  manifest.kernels = item_kernels(fpga_source());
  return prove_and_write(device, std::move(manifest), *bytes, folder);
}

}  // namespace engine::opencl
