#include "tools/inputs.h"

#include "base/check.h"
#include "base/text.h"
#include "tools/io/convert.h"
#include "tools/io/npz.h"
#include "tools/io/random.h"
#include "tools/io/tensor_file.h"
#include "tools/shapes.h"

#include <algorithm>
#include <charconv>
#include <filesystem>

namespace engine::tools {
namespace {

std::string wanted_inputs(const Model& model) {
  std::vector<std::string> texts;
  for (const TensorInfo& info : model.inputs())
    texts.push_back(quote(info.name) + " " + to_string(info));
  return texts.empty() ? "it has no inputs" : "its inputs are " + join(texts);
}

std::vector<const TensorInfo*> required_inputs(const Model& model) {
  std::vector<const TensorInfo*> required;
  for (const TensorInfo& info : model.inputs())
    if (!info.optional) required.push_back(&info);
  return required;
}

// The input that NAME=FILE starts with; names may contain '=' themselves, so the longest one wins.
const TensorInfo* named_input(const Model& model, const std::string& argument) {
  const TensorInfo* found = nullptr;
  for (const TensorInfo& info : model.inputs())
    if (argument.starts_with(info.name + "=") && (!found || info.name.size() > found->name.size()))
      found = &info;
  return found;
}

// An archive without a name in front gives all inputs that it has members for.
bool add_archive(const Model& model, const std::string& file, Tensors& inputs) {
  if (!is_archive(file) || !split_archive_name(file).member.empty()) return false;
  const Npz archive = Npz::open(file);
  bool any = false;
  for (const TensorInfo& info : model.inputs()) {
    if (!archive.has(info.name)) continue;
    inputs[info.name] = read_input(info, file);
    any = true;
  }
  return any;
}

void add_file(const Model& model, const std::string& argument, Tensors& inputs) {
  if (const TensorInfo* info = named_input(model, argument)) {
    ENGINE_REQUIRE(!inputs.contains(info->name), ErrorCode::kInvalidArgument, "--input gives ",
                   quote(info->name), " twice");
    inputs[info->name] = read_input(*info, argument.substr(info->name.size() + 1));
    return;
  }
  const bool is_file = std::filesystem::exists(argument);
  if (is_file && add_archive(model, argument, inputs)) return;
  const auto required = required_inputs(model);
  if (required.size() == 1 && (is_file || argument.find('=') == std::string::npos)) {
    inputs[required[0]->name] = read_input(*required[0], argument);
    return;
  }
  fail(ErrorCode::kInvalidArgument, "--input ", quote(argument), " names no input of the model (",
       wanted_inputs(model), ")");
}

std::uint64_t seed_of(const std::string& text) {
  std::uint64_t seed = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seed);
  ENGINE_REQUIRE(error == std::errc{} && end == text.data() + text.size(),
                 ErrorCode::kInvalidArgument, "--random=", text, " is not a seed (a whole number)");
  return seed;
}

void add_random(const Model& model, const InputOptions& options, Tensors& inputs) {
  const FreeDimensions dimensions(model.inputs(), inputs, options.dims, options.batch);
  std::uint64_t seed = seed_of(options.random);
  for (const TensorInfo& info : model.inputs()) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;  // one stream for each input
    if (info.optional || inputs.contains(info.name)) continue;
    inputs[info.name] = random_tensor(info.dtype, dimensions.shape_of(info), seed);
  }
  dimensions.remark_on_guesses();
}

}  // namespace

Tensor read_input(const TensorInfo& info, const std::string& file) {
  const std::string what = "input " + quote(info.name) + " from " + quote(file);
  Tensor tensor = convert_exactly(read_tensor(file, info.name, info.dtype), info.dtype, what);
  const bool column = tensor.rank() == 2 && tensor.shape()[1] == 1;
  if (file.ends_with(".csv") && column && info.ranked && info.shape.size() == 1)
    return tensor.reshaped({tensor.shape()[0]});
  return tensor;
}

Tensors gather_inputs(const Model& model, const InputOptions& options) {
  Tensors inputs;
  for (const auto& list : {options.files, options.more})
    for (const std::string& argument : list) add_file(model, argument, inputs);
  if (!options.random.empty()) add_random(model, options, inputs);
  for (const TensorInfo* info : required_inputs(model))
    ENGINE_REQUIRE(inputs.contains(info->name), ErrorCode::kInvalidArgument, "input ",
                   quote(info->name), " is missing (", wanted_inputs(model),
                   "); give it with --input ", info->name, "=FILE or fill it with --random");
  return inputs;
}

}  // namespace engine::tools
