#include "ops/comparison.h"

#include "ops/broadcast_loop.h"
#include "ops/numeric_cast.h"

#include <functional>
#include <string>
#include <type_traits>

namespace engine::ops {
namespace {

template <class F>
Fault compare_with(const Input& a, const Input& b, const Output& y, F holds) {
  if (a.dtype == DType::kString) {
    broadcast_map(y.shape(), a.shape(), static_cast<const std::string*>(a.data), b.shape(),
                  static_cast<const std::string*>(b.data), y.as<bool>(),
                  [&](const std::string& p, const std::string& q) { return holds(p, q); });
    return kNoFault;
  }
  dispatch_all(a.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    broadcast_map(y.shape(), a.shape(), a.as<T>(), b.shape(), b.as<T>(), y.as<bool>(),
                  [&](T p, T q) {
                    if constexpr (std::is_same_v<T, Float16> || std::is_same_v<T, BFloat16>)
                      return holds(static_cast<float>(p), static_cast<float>(q));
                    else if constexpr (std::is_same_v<T, Int4> || std::is_same_v<T, UInt4>)
                      return holds(static_cast<int>(p), static_cast<int>(q));
                    else return holds(p, q);
                  });
  });
  return kNoFault;
}

}  // namespace

Fault compare(BinaryKind kind, const Input& a, const Input& b, const Output& y) {
  switch (kind) {
    case BinaryKind::kEqual: return compare_with(a, b, y, std::equal_to<>{});
    case BinaryKind::kGreater: return compare(BinaryKind::kLess, b, a, y);
    case BinaryKind::kGreaterOrEqual: return compare(BinaryKind::kLessOrEqual, b, a, y);
    case BinaryKind::kLess: return compare_with(a, b, y, std::less<>{});
    default: return compare_with(a, b, y, std::less_equal<>{});
  }
}

}  // namespace engine::ops
