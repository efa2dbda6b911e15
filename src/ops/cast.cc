#include "ops/cast.h"

#include "ops/attributes.h"
#include "ops/broadcast_loop.h"
#include "ops/cast_text.h"
#include "ops/element_type.h"
#include "ops/moving.h"
#include "ops/numeric_cast.h"

namespace engine::ops {
namespace {

Fault from_text(const Input& in, const Output& out) {
  const std::string* x = elements<std::string>(in);
  return dispatch_all(out.dtype, [&](auto tag) {
    using To = typename decltype(tag)::type;
    To* y = out.as<To>();
    for (Index i = 0; i < out.size(); ++i)
      if (!parse_number(x[i], y[i])) return Fault{Status::Fault::kBadValue, i, 0};
    return kNoFault;
  });
}

void to_text(const Input& in, const Output& out) {
  std::string* y = elements<std::string>(out);
  dispatch_all(in.dtype, [&](auto tag) {
    using From = typename decltype(tag)::type;
    map(out.size(), in.as<From>(), y, [](From x) { return print_number(x); });
  });
}

struct CastLike final : MovingOperator {
  std::string_view name() const noexcept override { return "CastLike"; }
  std::vector<TensorType> infer(const Operands& in, Index) const override {
    TensorType out = in.type(0);
    out.dtype = in.dtype(1);
    return {std::move(out)};
  }
  Fault move(Inputs in, Outputs out) const override { return convert(in[0], out[0]); }
};

}  // namespace

Fault convert(const Input& in, const Output& out) {
  if (in.dtype == out.dtype) {
    copy_all(in, out);
    return kNoFault;
  }
  if (in.dtype == DType::kString) return from_text(in, out);
  if (out.dtype == DType::kString) {
    to_text(in, out);
    return kNoFault;
  }
  dispatch_all(in.dtype, [&](auto from) {
    dispatch_all(out.dtype, [&](auto to) {
      using From = typename decltype(from)::type;
      using To = typename decltype(to)::type;
      map(out.size(), in.as<From>(), out.as<To>(), [](From x) { return numeric_cast<To>(x); });
    });
  });
  return kNoFault;
}

std::vector<TensorType> Cast::infer(const Operands& in, Index) const {
  TensorType out = in.type(0);
  out.dtype = to;
  return {std::move(out)};
}

std::optional<Dims> Cast::infer_extents(const Operands& in) const {
  if (to != DType::kInt64 && to != DType::kInt32) return std::nullopt;
  auto list = list_extents(in, 0);
  if (list && to == DType::kInt32)
    for (Dim& dim : *list)
      if (dim.value() > std::numeric_limits<std::int32_t>::max()) dim = Dim::unknown();
  return list;
}

Fault Cast::move(Inputs in, Outputs out) const { return convert(in[0], out[0]); }

OperatorPtr make_Cast(const Attributes& attributes) {
  auto op = std::make_shared<Cast>();
  op->to = element_type(attributes.integer("to"));
  return op;
}

OperatorPtr make_CastLike(const Attributes&) { return std::make_shared<CastLike>(); }

}  // namespace engine::ops
