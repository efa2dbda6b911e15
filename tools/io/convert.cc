#include "tools/io/convert.h"

#include "base/check.h"
#include "base/dispatch.h"

#include <cmath>
#include <limits>

namespace engine::tools {
namespace {

__extension__ using Wide = __int128;  // holds every integer type

// The value of any element, exactly: integers and bool as integers, floats as double.
struct Number {
  bool whole = true;
  Wide integer = 0;
  double real = 0;
};

template <class T>
Number load(const void* data, Index i) {
  const T value = static_cast<const T*>(data)[i];
  if constexpr (std::is_same_v<T, bool> || std::is_integral_v<T>) return {true, value, 0};
  else if constexpr (std::is_same_v<T, Int4> || std::is_same_v<T, UInt4>)
    return {true, static_cast<int>(value), 0};
  else return {false, 0, static_cast<double>(value)};
}

template <class T>
bool store_float(const Number& number, T& value) {
  if (number.whole) {
    value = static_cast<T>(static_cast<float>(number.integer));
    if constexpr (std::is_same_v<T, double>) value = static_cast<double>(number.integer);
    const double back = static_cast<double>(value);
    return std::abs(back) < 0x1p100 && static_cast<Wide>(back) == number.integer;
  }
  if constexpr (std::is_same_v<T, double>) value = number.real;
  else value = static_cast<T>(static_cast<float>(number.real));
  return static_cast<double>(value) == number.real || std::isnan(number.real);
}

template <class T>
bool store_integer(const Number& number, T& value) {
  Wide wide = number.integer;
  if (!number.whole) {
    if (!(std::abs(number.real) < 0x1p100) || number.real != std::floor(number.real)) return false;
    wide = static_cast<Wide>(number.real);
  }
  if constexpr (std::is_same_v<T, Int4> || std::is_same_v<T, UInt4>) {
    value = T(static_cast<int>(wide & 15));
    return static_cast<int>(value) == wide;
  } else {
    if (wide < std::numeric_limits<T>::min() || wide > std::numeric_limits<T>::max()) return false;
    value = static_cast<T>(wide);
    return true;
  }
}

template <class T>
bool store(const Number& number, void* data, Index i) {
  T& value = static_cast<T*>(data)[i];
  if constexpr (dtype_of<T> <= DType::kBFloat16) return store_float(number, value);
  else return store_integer(number, value);
}

auto loader(DType dtype) {
  return dispatch_all(dtype, [](auto tag) { return &load<typename decltype(tag)::type>; });
}

auto storer(DType dtype) {
  return dispatch_all(dtype, [](auto tag) { return &store<typename decltype(tag)::type>; });
}

}  // namespace

Tensor convert_exactly(const Tensor& tensor, DType to, std::string_view what) {
  if (tensor.dtype() == to) return tensor;
  ENGINE_REQUIRE(tensor.dtype() != DType::kString && to != DType::kString,
                 ErrorCode::kInvalidArgument, what, " is ", to_string(tensor.dtype()), ", ",
                 to_string(to), " is needed");
  Tensor out(to, tensor.shape());
  const auto read = loader(tensor.dtype());
  const auto write = storer(to);
  for (Index i = 0; i < tensor.size(); ++i)
    ENGINE_REQUIRE(write(read(tensor.data(), i), out.mutable_data(), i),
                   ErrorCode::kInvalidArgument, what, " is ", to_string(tensor.dtype()), ", ",
                   to_string(to), " is needed (element ", i, ", ", number_at(tensor, i),
                   ", would change); convert it beforehand, for example with array.astype('",
                   to_string(to), "')");
  return out;
}

double number_at(const Tensor& tensor, Index i) {
  const Number number = loader(tensor.dtype())(tensor.data(), i);
  return number.whole ? static_cast<double>(number.integer) : number.real;
}

}  // namespace engine::tools
