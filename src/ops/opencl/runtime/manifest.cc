#include "ops/opencl/runtime/manifest.h"

#include "base/check.h"
#include "base/json_reader.h"
#include "base/text.h"

#include <algorithm>
#include <cctype>

namespace engine::opencl {
namespace {

constexpr std::string_view kFormat = "engine opencl program 1";
constexpr std::size_t kMostKernels = 4096;

bool is_digits(std::string_view text) {
  return !text.empty() &&
         std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c) != 0; });
}

bool is_checksum(std::string_view text) {
  return text.size() == 16 &&
         std::ranges::all_of(text, [](unsigned char c) { return std::isxdigit(c) != 0; });
}

bool is_kernel(std::string_view name) {
  return !name.empty() && name.size() <= 100 && std::ranges::all_of(name, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_';
  });
}

template <class List>
std::string list_text(const List& list) {
  std::vector<std::string> quoted;
  for (const std::string& item : list) quoted.push_back(json_text(item));
  return "[" + join(quoted) + "]";
}

std::vector<std::string> read_list(JsonReader& json) {
  std::vector<std::string> list;
  json.array([&] {
    if (list.size() == kMostKernels) json.refuse("a list is too long");
    list.push_back(json.text());
  });
  return list;
}

void read_kernels(JsonReader& json, Manifest& manifest) {
  for (std::string& name : read_list(json)) {
    if (!is_kernel(name)) json.refuse(quote(name) + " is no name of a kernel");
    manifest.kernels.insert(std::move(name));
  }
}

Variant read_variant(JsonReader& json) {
  const std::string name = json.text();
  const auto variant = parse_variant(name);
  if (!variant) json.refuse(quote(name) + " is no variant (there are standard, fpga)");
  return *variant;
}

std::size_t read_bytes(JsonReader& json) {
  const Index bytes = json.integer();
  if (bytes < 0 || bytes > static_cast<Index>(kMostBinaryBytes))
    json.refuse(concat(bytes, " is no size (0 to ", kMostBinaryBytes, " bytes are possible)"));
  return static_cast<std::size_t>(bytes);
}

std::string read_checksum(JsonReader& json) {
  std::string text = json.text();
  if (!text.empty() && !is_checksum(text)) json.refuse(quote(text) + " is no checksum");
  return text;
}

// What follows from other members, and is there for people and for other programs.
struct Menu {
  std::map<std::string, std::vector<std::string>> tiles;
  std::vector<std::string> elements;
};

void read_tiles(JsonReader& json, Menu& menu) {
  json.object([&](const std::string& family) {
    if (menu.tiles.size() == kMostKernels) json.refuse("there are too many tiles");
    menu.tiles[family] = read_list(json);
  });
}

void read_member(JsonReader& json, const std::string& key, Manifest& manifest, Menu& menu,
                 std::string& format) {
  if (key == "format") format = json.text();
  else if (key == "variant") manifest.variant = read_variant(json);
  else if (key == "platform") manifest.platform = json.text();
  else if (key == "device") manifest.device = json.text();
  else if (key == "version") manifest.version = json.text();
  else if (key == "driver") manifest.driver = json.text();
  else if (key == "options") manifest.options = json.text();
  else if (key == "source") manifest.source = read_checksum(json);
  else if (key == "binary") manifest.binary = read_checksum(json);
  else if (key == "bytes") manifest.bytes = read_bytes(json);
  else if (key == "element_types") menu.elements = read_list(json);
  else if (key == "tiles") read_tiles(json, menu);
  else if (key == "kernels") read_kernels(json, manifest);
  else json.refuse("there is no member " + quote(key));
}

}  // namespace

std::map<std::string, std::vector<std::string>> tiles_of(
    const std::set<std::string, std::less<>>& kernels) {
  std::map<std::string, std::vector<std::string>> tiles;
  for (const std::string& name : kernels) {
    const std::size_t at = name.rfind('_'), cross = name.find('x', at == name.npos ? 0 : at);
    if (at == name.npos || cross == name.npos) continue;
    const std::string_view text = name;
    if (is_digits(text.substr(at + 1, cross - at - 1)) && is_digits(text.substr(cross + 1)))
      tiles[name.substr(0, at)].push_back(name.substr(at + 1));
  }
  return tiles;
}

std::vector<std::string> element_types(Variant variant) {
  if (variant == Variant::kFpga) return {"float32"};
  return {"float32", "int8",   "uint8", "int16",  "uint16",
          "int32",   "uint32", "int64", "uint64", "bool"};
}

std::string manifest_text(const Manifest& manifest) {
  std::string text = "{\n";
  const auto add = [&](std::string_view key, const std::string& value) {
    text += concat(text.size() > 2 ? ",\n  " : "  ", json_text(key), ": ", value);
  };
  add("format", json_text(kFormat));
  add("variant", json_text(to_string(manifest.variant)));
  add("platform", json_text(manifest.platform));
  add("device", json_text(manifest.device));
  add("version", json_text(manifest.version));
  add("driver", json_text(manifest.driver));
  add("options", json_text(manifest.options));
  add("source", json_text(manifest.source));
  add("binary", json_text(manifest.binary));
  add("bytes", std::to_string(manifest.bytes));
  add("element_types", list_text(element_types(manifest.variant)));
  std::vector<std::string> tiles;
  for (const auto& [family, shapes] : tiles_of(manifest.kernels))
    tiles.push_back(json_text(family) + ": " + list_text(shapes));
  add("tiles", "{" + join(tiles) + "}");
  add("kernels", list_text(manifest.kernels));
  return text + "\n}\n";
}

Manifest parse_manifest(std::string_view text) {
  Manifest manifest;
  Menu menu;
  std::string format;
  JsonReader json(text);
  json.object([&](const std::string& key) { read_member(json, key, manifest, menu, format); });
  json.end();
  ENGINE_REQUIRE(format == kFormat, ErrorCode::kInvalidArgument, "its format is ", quote(format),
                 ", not ", quote(kFormat));
  ENGINE_REQUIRE(!manifest.source.empty() && !manifest.kernels.empty(), ErrorCode::kInvalidArgument,
                 "it has no checksum of a source, or no kernels");
  ENGINE_REQUIRE(
      menu.tiles == tiles_of(manifest.kernels) && menu.elements == element_types(manifest.variant),
      ErrorCode::kInvalidArgument, "its tiles or element types are not those of its kernels");
  return manifest;
}

}  // namespace engine::opencl
