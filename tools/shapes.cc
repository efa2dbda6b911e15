#include "tools/shapes.h"

#include "base/check.h"
#include "base/text.h"
#include "tools/text/print.h"

#include <algorithm>
#include <charconv>

namespace engine::tools {
namespace {

std::string key_of(const TensorInfo& info, std::size_t axis) {
  return info.name + ":" + std::to_string(axis);
}

// Every NAME that --dim takes for this model.
std::vector<std::string> free_names(const std::vector<TensorInfo>& infos) {
  std::vector<std::string> names;
  const auto add = [&](const std::string& name) {
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  };
  for (const TensorInfo& info : infos)
    for (std::size_t i = 0; i < info.shape.size(); ++i) {
      if (!info.shape[i].free()) continue;
      if (!info.shape[i].name.empty()) add(info.shape[i].name);
      add(key_of(info, i));
    }
  return names;
}

}  // namespace

FreeDimensions::FreeDimensions(const std::vector<TensorInfo>& infos, const Tensors& given,
                               const std::vector<std::string>& dims, Index batch)
    : batch_(batch) {
  for (const std::string& argument : dims) take_argument(infos, argument);
  take_shapes(infos, given);
}

void FreeDimensions::take_shapes(const std::vector<TensorInfo>& infos, const Tensors& given) {
  for (const TensorInfo& info : infos) {
    const auto found = given.find(info.name);
    if (found == given.end() || found->second.shape().size() != info.shape.size()) continue;
    for (std::size_t i = 0; i < info.shape.size(); ++i)
      if (info.shape[i].free() && !info.shape[i].name.empty())
        by_name_[info.shape[i].name] = found->second.shape()[i];
  }
}

void FreeDimensions::take_argument(const std::vector<TensorInfo>& infos,
                                   const std::string& argument) {
  const std::size_t equals = argument.rfind('=');
  const std::string name = argument.substr(0, equals);
  Index extent = -1;
  if (equals != std::string::npos) {
    const char* last = argument.data() + argument.size();
    const auto [end, error] = std::from_chars(argument.data() + equals + 1, last, extent);
    if (error != std::errc{} || end != last) extent = -1;
  }
  ENGINE_REQUIRE(extent >= 0, ErrorCode::kInvalidArgument, "--dim ", quote(argument),
                 " is not NAME=N with a whole number N");
  const std::vector<std::string> names = free_names(infos);
  ENGINE_REQUIRE(std::ranges::find(names, name) != names.end(), ErrorCode::kInvalidArgument,
                 "--dim ", quote(argument), " names no free dimension of the model (",
                 names.empty() ? "it has none" : "it has " + join(names), ")");
  by_name_[name] = extent;
}

Shape FreeDimensions::shape_of(const TensorInfo& info) const {
  ENGINE_REQUIRE(info.ranked, ErrorCode::kInvalidArgument, "the model does not say how many axes ",
                 "input ", quote(info.name), " has; give it with --input");
  Shape shape;
  for (std::size_t i = 0; i < info.shape.size(); ++i) {
    const Dimension& dimension = info.shape[i];
    Index extent = dimension.size;
    if (dimension.free()) {
      const auto single = by_name_.find(key_of(info, i));
      const auto named = single != by_name_.end() ? single : by_name_.find(dimension.name);
      if (named != by_name_.end()) extent = named->second;
      else if (i == 0 && batch_ > 0) extent = batch_;
      else extent = 1;
      const std::string& name = dimension.name.empty() ? key_of(info, i) : dimension.name;
      const bool guess = named == by_name_.end() && i > 0;
      if (guess && std::ranges::find(guessed_, name) == guessed_.end()) guessed_.push_back(name);
    }
    shape.push_back(extent);
  }
  return shape;
}

void FreeDimensions::remark_on_guesses() const {
  for (const std::string& name : guessed_)
    remark("free dimension " + quote(name) + " is taken as 1; --dim " + name +
           "=N gives it another extent");
}

}  // namespace engine::tools
