#include "ops/opencl/runtime/program_folder.h"

#include "base/cache_files.h"
#include "base/check.h"
#include "base/json_reader.h"
#include "base/text.h"
#include "ops/opencl/runtime/checksum.h"
#include "ops/opencl/runtime/device.h"

#include <tuple>
#include <utility>

namespace engine::opencl {
namespace {

constexpr const char *kManifest = "manifest.json", *kBinary = "all.bin", *kSource = "all.cl";
constexpr std::size_t kMostManifest = 1 << 20;

SealedSource sealed(std::string text) {
  const std::string sum = hex(checksum(text));
  text += "kernel __attribute__((reqd_work_group_size(1, 1, 1))) void " + seal_kernel(sum) +
          "(global int* y) {\n  y[0] = 1;\n}\n";
  return {std::move(text), sum};
}

// As a manifest can hold it.
bool differ(const std::string& a, const std::string& b) { return json_text(a) != json_text(b); }

}  // namespace

std::string seal_kernel(std::string_view checksum) { return concat("source_", checksum); }

// Each is behind these words (kernels/fpga/common.cl).
std::set<std::string, std::less<>> item_kernels(const SealedSource& source) {
  constexpr std::string_view kWords = "\nITEM_KERNEL ";
  std::set<std::string, std::less<>> kernels = {seal_kernel(source.checksum)};
  for (std::size_t at = 0; (at = source.text.find(kWords, at)) != std::string::npos;) {
    at += kWords.size();
    kernels.insert(source.text.substr(at, source.text.find('(', at) - at));
  }
  return kernels;
}

SealedSource fpga_source() { return sealed(joined_source(Variant::kFpga)); }

SealedSource source_for(const DeviceFacts& facts, Variant variant) {
  if (variant == Variant::kFpga) return fpga_source();
  return sealed(concat("#define LANES ", facts.lanes(), "\n#define NARROW ",
                       facts.is_narrow() ? 1 : 0, "\n", joined_source(variant)));
}

Manifest manifest_for(const DeviceFacts& facts, Variant variant) {
  Manifest manifest;
  manifest.variant = variant;
  manifest.platform = facts.platform;
  manifest.device = facts.name;
  manifest.version = facts.version;
  manifest.driver = facts.driver;
  manifest.options = facts.options();
  manifest.source = source_for(facts, variant).checksum;
  return manifest;
}

ProgramFolder::ProgramFolder(std::filesystem::path path) : path_(std::move(path)) {
  std::string problem;
  const auto text = read_file(path_ / kManifest, kMostManifest, problem);
  ENGINE_REQUIRE(text, ErrorCode::kNotFound, "there is no OpenCL program in ",
                 quote(path_.string()), " (", kManifest, ": ", problem,
                 "); 'engine opencl-build' makes one");
  identity_ = *text;
  try {
    manifest_ = parse_manifest(identity_);
  } catch (const Error& error) {
    refuse(concat("has a damaged ", kManifest, " (", error.what(), ")"));
  }
}

void ProgramFolder::refuse(const std::string& why) const {
  fail(ErrorCode::kInvalidArgument, "the OpenCL program in ", quote(path_.string()), " ", why,
       "; make it again with 'engine opencl-build'");
}

void ProgramFolder::require_for(const DeviceFacts& facts) const {
  const Manifest wanted = manifest_for(facts, manifest_.variant);
  if (manifest_.binary.empty())
    refuse("is a source that no compiler has seen yet (opencl-build --binary takes what it makes)");
  const std::tuple<const char*, const std::string&, const std::string&> members[] = {
      {"platform", manifest_.platform, wanted.platform},
      {"device", manifest_.device, wanted.device},
      {"version", manifest_.version, wanted.version},
      {"driver", manifest_.driver, wanted.driver},
      {"compiler options", manifest_.options, wanted.options},
      {"source of the kernels", manifest_.source, wanted.source}};
  for (const auto& [what, has, needs] : members)
    if (differ(has, needs))
      refuse(concat("is for another ", what, " (it is for ", quote(has), ", here is ", quote(needs),
                    ")"));
  // What the menu of boards lacks runs on the host, but no kernel of the menu may be missing.
  for (const std::string& kernel : item_kernels(source_for(facts, manifest_.variant)))
    if (!manifest_.kernels.contains(kernel)) refuse("lacks the kernel " + quote(kernel));
}

std::string ProgramFolder::binary() const {
  std::string problem;
  const auto bytes = read_file(path_ / kBinary, manifest_.bytes, problem);
  if (!bytes) refuse(concat("cannot be read (", kBinary, ": ", problem, ")"));
  const std::string found = hex(checksum(*bytes));
  if (bytes->size() != manifest_.bytes || found != manifest_.binary)
    refuse(concat("is damaged (", kBinary, " has ", bytes->size(), " bytes with checksum ", found,
                  ", the manifest says ", manifest_.bytes, " with ", manifest_.binary, ")"));
  return *bytes;
}

void write_program(const std::filesystem::path& folder, const Manifest& manifest,
                   std::string_view source, std::string_view binary) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  ENGINE_REQUIRE(!error, ErrorCode::kIo, "cannot make the folder ", quote(folder.string()), " (",
                 error.message(), ")");
  if (!source.empty()) replace_file(folder / kSource, source);
  if (!binary.empty()) replace_file(folder / kBinary, binary);
  replace_file(folder / kManifest, manifest_text(manifest));
}

}  // namespace engine::opencl
