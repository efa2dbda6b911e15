#include "tools/report/tensor_summary.h"

#include "base/dispatch.h"
#include "base/text.h"
#include "tools/io/convert.h"
#include "tools/text/units.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace engine::tools {
namespace {

// Over the finite elements.
struct Statistics {
  double min = 0, max = 0, mean = 0;
  Index finite = 0, nan = 0, inf = 0;
};

Statistics statistics_of(const Tensor& tensor) {
  Statistics s;
  if (tensor.dtype() == DType::kString) return s;
  double sum = 0;
  dispatch_all(tensor.dtype(), [&](auto tag) {
    for (const auto element : tensor.values<typename decltype(tag)::type>()) {
      const double value = static_cast<double>(element);
      if (std::isnan(value)) ++s.nan;
      else if (std::isinf(value)) ++s.inf;
      else {
        s.min = s.finite ? std::min(s.min, value) : value;
        s.max = s.finite ? std::max(s.max, value) : value;
        sum += value;
        ++s.finite;
      }
    }
  });
  if (s.finite > 0) s.mean = sum / static_cast<double>(s.finite);
  return s;
}

std::string value_text(const Tensor& tensor, Index i) {
  if (tensor.dtype() == DType::kString) return quote(tensor.strings()[static_cast<std::size_t>(i)]);
  if (tensor.dtype() == DType::kBool) return number_at(tensor, i) != 0 ? "true" : "false";
  return number_text(number_at(tensor, i));
}

Json value_json(const Tensor& tensor, Index i) {
  const auto at = static_cast<std::size_t>(i);
  switch (tensor.dtype()) {
    case DType::kString: return tensor.strings()[at];
    case DType::kBool: return tensor.values<bool>()[at];
    case DType::kInt64: return tensor.values<std::int64_t>()[at];
    case DType::kUInt64: return tensor.values<std::uint64_t>()[at];
    case DType::kFloat32: return tensor.values<float>()[at];
    default: break;
  }
  const double value = number_at(tensor, i);
  if (is_float(tensor.dtype())) return value;
  return static_cast<std::int64_t>(value);
}

}  // namespace

std::string type_text(const Tensor& tensor) {
  return std::string(to_string(tensor.dtype())) + " " + to_string(tensor.shape());
}

std::string summary_text(const std::string& name, const Tensor& tensor) {
  constexpr Index kFirst = 8;
  const Statistics s = statistics_of(tensor);
  std::string text = fmt::format("{}: {}\n", name, type_text(tensor));
  if (s.finite > 0)
    text += fmt::format("  min {}  max {}  mean {}", number_text(s.min), number_text(s.max),
                        number_text(s.mean));
  if (s.nan > 0) text += fmt::format("  NaN {}", s.nan);
  if (s.inf > 0) text += fmt::format("  Inf {}", s.inf);
  if (s.finite + s.nan + s.inf > 0) text += '\n';
  if (tensor.size() == 0) return text + "  no elements\n";
  text += "  first";
  for (Index i = 0; i < std::min(kFirst, tensor.size()); ++i) text += " " + value_text(tensor, i);
  return text + (tensor.size() > kFirst ? " ...\n" : "\n");
}

Json tensor_json(const std::string& name, const Tensor& tensor) {
  constexpr Index kMost = 1024;
  Json json = {{"name", name}, {"dtype", to_string(tensor.dtype())}, {"shape", tensor.shape()}};
  if (tensor.dtype() != DType::kString) {
    const Statistics s = statistics_of(tensor);
    json["min"] = s.finite ? Json(s.min) : Json();
    json["max"] = s.finite ? Json(s.max) : Json();
    json["mean"] = s.finite ? Json(s.mean) : Json();
    json["nan"] = s.nan;
    json["inf"] = s.inf;
  }
  Json values = Json::array();
  for (Index i = 0; i < std::min(kMost, tensor.size()); ++i)
    values.push_back(value_json(tensor, i));
  json["values"] = std::move(values);
  json["truncated"] = tensor.size() > kMost;
  return json;
}

}  // namespace engine::tools
