// BitwiseAnd, BitwiseOr, BitwiseXor, BitwiseNot, BitShift on integers, operands broadcast together.
//
// A right shift of a negative number repeats its sign; what a left shift moves out is lost.
// Shifting by a negative amount or by all bits leaves only the fill: -1 for negatives to the right,
// else 0. Meaning: ONNX BitwiseAnd, BitwiseOr, BitwiseXor, BitwiseNot (opset 18), BitShift (opset
// 28).
#include "ops/attributes.h"
#include "ops/bit_shift.h"
#include "ops/broadcast_loop.h"
#include "ops/moving.h"

#include <functional>

namespace engine::ops {
namespace {

bool accepts(DType t) { return is_integer(t) && t != DType::kInt4 && t != DType::kUInt4; }
constexpr const char* kNeeded = "an integer type of 8 bits or more";

// Calls `visit` with the unsigned type of the elements' width.
template <class Visit>
void dispatch_bits(DType dtype, Visit&& visit) {
  dispatch_size(size_of(dtype), std::forward<Visit>(visit));
}

struct AndOf : std::bit_and<> {
  static constexpr const char* kName = "BitwiseAnd";
};
struct OrOf : std::bit_or<> {
  static constexpr const char* kName = "BitwiseOr";
};
struct XorOf : std::bit_xor<> {
  static constexpr const char* kName = "BitwiseXor";
};

template <class F>
struct Bitwise final : MovingOperator {
  std::string_view name() const noexcept override { return F::kName; }

  std::vector<TensorType> infer(const Operands& in, Index) const override {
    require_type(in, 0, "A", accepts, kNeeded);
    require_same_type(in, 0, "A", 1, "B");
    return {broadcast_type(in, in.dtype(0))};
  }

  Fault move(Inputs in, Outputs out) const override {
    dispatch_bits(out[0].dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      broadcast_map(out[0].shape(), in[0].shape(), elements<T>(in[0]), in[1].shape(),
                    elements<T>(in[1]), elements<T>(out[0]),
                    [](T a, T b) { return static_cast<T>(F{}(a, b)); });
    });
    return kNoFault;
  }
};

struct BitwiseNot final : MovingOperator {
  std::string_view name() const noexcept override { return "BitwiseNot"; }

  std::vector<TensorType> infer(const Operands& in, Index) const override {
    require_type(in, 0, "X", accepts, kNeeded);
    return {in.type(0)};
  }

  Fault move(Inputs in, Outputs out) const override {
    dispatch_bits(out[0].dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      map(out[0].size(), elements<T>(in[0]), elements<T>(out[0]),
          [](T x) { return static_cast<T>(~x); });
    });
    return kNoFault;
  }
};

template <class T>
T shift_left(T x, T amount) noexcept {
  constexpr std::uint64_t kBits = 8 * sizeof(T);
  const auto by = static_cast<std::uint64_t>(amount);  // huge if negative
  return by < kBits ? static_cast<T>(static_cast<std::uint64_t>(x) << by) : T{0};
}

template <class T>
T shift_right(T x, T amount) noexcept {
  constexpr std::uint64_t kBits = 8 * sizeof(T);
  const auto by = static_cast<std::uint64_t>(amount);
  if (by >= kBits) return x < T{0} ? static_cast<T>(-1) : T{0};
  return static_cast<T>(x >> by);
}

}  // namespace

std::vector<TensorType> BitShift::infer(const Operands& in, Index) const {
  require_type(in, 0, "X", accepts, kNeeded);
  require_same_type(in, 0, "X", 1, "Y");
  return {broadcast_type(in, in.dtype(0))};
}

Fault BitShift::move(Inputs in, Outputs out) const {
  dispatch_integer(out[0].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (std::is_integral_v<T>) {
      const auto run = [&](auto shift) {
        broadcast_map(out[0].shape(), in[0].shape(), in[0].as<T>(), in[1].shape(), in[1].as<T>(),
                      out[0].as<T>(), shift);
      };
      if (left) run([](T x, T amount) { return shift_left(x, amount); });
      else run([](T x, T amount) { return shift_right(x, amount); });
    }
  });
  return kNoFault;
}

OperatorPtr make_BitwiseAnd(const Attributes&) { return std::make_shared<Bitwise<AndOf>>(); }
OperatorPtr make_BitwiseOr(const Attributes&) { return std::make_shared<Bitwise<OrOf>>(); }
OperatorPtr make_BitwiseXor(const Attributes&) { return std::make_shared<Bitwise<XorOf>>(); }
OperatorPtr make_BitwiseNot(const Attributes&) { return std::make_shared<BitwiseNot>(); }

OperatorPtr make_BitShift(const Attributes& attributes) {
  auto op = std::make_shared<BitShift>();
  const std::string direction = attributes.text("direction");
  ENGINE_VALIDATE(direction == "LEFT" || direction == "RIGHT", "direction is ", direction,
                  " (must be LEFT or RIGHT)");
  op->left = direction == "LEFT";
  return op;
}

}  // namespace engine::ops
