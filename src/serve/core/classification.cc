#include "serve/core/classification.h"

#include "serve/core/datatype.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>

namespace engine::serve {
namespace {

template <class T>
std::vector<double> as_doubles(const Tensor& tensor) {
  const auto values = tensor.values<T>();
  return {values.begin(), values.end()};
}

std::vector<double> as_doubles(const Tensor& tensor) {
  switch (tensor.dtype()) {
    case DType::kFloat32: return as_doubles<float>(tensor);
    case DType::kFloat64: return as_doubles<double>(tensor);
    case DType::kInt8: return as_doubles<std::int8_t>(tensor);
    case DType::kUInt8: return as_doubles<std::uint8_t>(tensor);
    case DType::kInt16: return as_doubles<std::int16_t>(tensor);
    case DType::kUInt16: return as_doubles<std::uint16_t>(tensor);
    case DType::kInt32: return as_doubles<std::int32_t>(tensor);
    case DType::kUInt32: return as_doubles<std::uint32_t>(tensor);
    case DType::kInt64: return as_doubles<std::int64_t>(tensor);
    case DType::kUInt64: return as_doubles<std::uint64_t>(tensor);
    default:
      throw Error(ErrorCode::kInvalidArgument,
                  std::string("class result not available for output due to unsupported type '") +
                      datatype(tensor.dtype()) + "'");
  }
}

std::string text_of(double value, std::size_t index, const std::vector<std::string>& labels) {
  char number[352];  // the largest double has 309 digits
  std::snprintf(number, sizeof number, "%f:%zu", value, index);
  std::string text = number;
  if (index < labels.size()) text += ":" + labels[index];
  return text;
}

}  // namespace

Tensor classify(const Tensor& output, bool batched, std::size_t classes,
                const std::vector<std::string>& labels) {
  const std::vector<double> values = as_doubles(output);
  const std::size_t rows = batched ? static_cast<std::size_t>(output.shape().at(0)) : 1;
  const std::size_t width = rows == 0 ? 0 : values.size() / rows;
  const std::size_t count = std::min(classes, width);
  std::vector<std::string> texts;
  std::vector<std::size_t> order(width);
  for (std::size_t row = 0; row < rows; ++row) {
    const double* of_row = values.data() + row * width;
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count),
                      order.end(), [&](std::size_t a, std::size_t b) {
                        const double x = of_row[a], y = of_row[b];
                        if (std::isnan(x) || std::isnan(y))
                          return std::isnan(x) == std::isnan(y) ? a < b : std::isnan(y);
                        return x != y ? x > y : a < b;
                      });
    for (std::size_t i = 0; i < count; ++i)
      texts.push_back(text_of(of_row[order[i]], order[i], labels));
  }
  Shape shape = {static_cast<Index>(count)};
  if (batched) shape.insert(shape.begin(), static_cast<Index>(rows));
  return Tensor::strings(std::move(shape), std::move(texts));
}

}  // namespace engine::serve
