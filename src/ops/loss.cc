#include "ops/loss.h"

#include "numerics/elementary.h"
#include "ops/attributes.h"
#include "ops/store.h"

#include <cmath>

namespace engine::ops {
namespace {

bool is_label(DType t) { return t == DType::kInt64 || t == DType::kInt32; }

Index label_at(const Input& labels, Index i) {
  if (labels.dtype == DType::kInt32) return labels.as<std::int32_t>()[i];
  return labels.as<std::int64_t>()[i];
}

// log(sum exp) of the classes of one position, and their maximum.
template <class T, class Real>
Real log_sum(const T* x, Index classes, Index stride, Real& max) {
  max = static_cast<Real>(x[0]);
  for (Index c = 1; c < classes; ++c) {
    const Real value = static_cast<Real>(x[c * stride]);
    max = value > max || value != value ? value : max;
  }
  Real sum = 0;
  for (Index c = 0; c < classes; ++c) sum += numerics::exp(static_cast<Real>(x[c * stride]) - max);
  return numerics::log(sum);
}

template <class T, class Real>
Fault run(const Loss& loss, Inputs in, Outputs out) {
  const Shape& shape = in[0].shape();
  const AxisView view = split_at(shape, 1);
  const T* weights = in.size() > 2 && in[2] ? in[2].as<T>() : nullptr;
  T* log_prob = out.size() > 1 && out[1] ? out[1].as<T>() : nullptr;
  const Index positions = in[1].size();
  Real sum = 0, weight_sum = 0;
  for (Index i = 0; i < positions; ++i) {
    const Index base = i / view.inner * view.n * view.inner + i % view.inner;
    const T* x = in[0].as<T>() + base;
    Real max = 0, log = 0;
    if (loss.with_softmax && view.n > 0) log = log_sum<T, Real>(x, view.n, view.inner, max);
    for (Index c = 0; log_prob && c < view.n; ++c)
      log_prob[base + c * view.inner] = store<T>(static_cast<Real>(x[c * view.inner]) - max - log);

    const Index label = label_at(in[1], i);
    const bool ignored = loss.ignore_index && label == *loss.ignore_index;
    if (!ignored && (label < 0 || label >= view.n))
      return {Status::Fault::kIndexOutOfRange, label, view.n};
    const Real weight = ignored ? Real(0) : weights ? static_cast<Real>(weights[label]) : Real(1);
    const Real value = ignored ? Real(0) : static_cast<Real>(x[label * view.inner]) - max - log;
    if (loss.reduction == LossReduction::kNone && out[0])
      out[0].as<T>()[i] = store<T>(ignored ? Real(0) : -value * weight);
    sum = std::fma(-value, weight, sum);
    weight_sum += weight;
  }
  if (loss.reduction != LossReduction::kNone && out[0])
    *out[0].as<T>() = store<T>(loss.reduction == LossReduction::kMean ? sum / weight_sum : sum);
  return kNoFault;
}

OperatorPtr make(const Attributes& attributes, bool with_softmax) {
  auto op = std::make_shared<Loss>();
  op->with_softmax = with_softmax;
  const std::string reduction = attributes.text("reduction", "mean");
  ENGINE_VALIDATE(reduction == "none" || reduction == "sum" || reduction == "mean",
                  "reduction is '", reduction, "' (none, sum or mean needed)");
  op->reduction = reduction == "none"  ? LossReduction::kNone
                  : reduction == "sum" ? LossReduction::kSum
                                       : LossReduction::kMean;
  if (attributes.has("ignore_index")) op->ignore_index = attributes.integer("ignore_index");
  return op;
}

}  // namespace

std::vector<TensorType> Loss::infer(const Operands& in, Index outputs) const {
  require_type(in, 0, "input", is_float, "a float type");
  require_type(in, 1, "target", is_label, "int64 or int32");
  const TensorType &x = in.type(0), &labels = in.type(1);
  ENGINE_VALIDATE(!x.ranked || x.rank() >= 2, "input has rank ", x.rank(), " (at least 2 needed)");
  if (in.has(2)) {
    require_same_type(in, 0, "input", 2, "weight");
    require_rank(in, 2, "weight", 1);
    if (x.ranked && in.type(2).ranked)
      ENGINE_VALIDATE(
          !x.dims[1].known() || !in.type(2).dims[0].known() || x.dims[1] == in.type(2).dims[0],
          "weight has ", in.type(2).dims[0].value(), " values, there are ", x.dims[1].value(),
          " classes");
  }
  TensorType loss = labels;
  loss.dtype = x.dtype;
  if (x.ranked) {
    require_rank(in, 1, "target", x.rank() - 1);
    Dims dims = x.dims;
    dims.erase(dims.begin() + 1);
    for (std::size_t i = 0; i < dims.size() && labels.ranked; ++i) {
      ENGINE_VALIDATE(!dims[i].known() || !labels.dims[i].known() || dims[i] == labels.dims[i],
                      "input is ", to_string(x.dims), ", target is ", to_string(labels.dims),
                      " (must be the same but for the classes)");
      if (!dims[i].known()) dims[i] = labels.dims[i];
    }
    loss = TensorType(x.dtype, dims);
  }
  if (reduction != LossReduction::kNone) loss = TensorType(x.dtype, Dims{});
  if (outputs > 1) return {loss, x};
  return {loss};
}

template <class Real>
Fault Loss::compute(Inputs in, Outputs out) const {
  return dispatch_float(in[0].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    return run<T, Compute<T, Real>>(*this, in, out);
  });
}

// Whoever makes one of these refers to both.
template Fault Loss::compute<float>(Inputs, Outputs) const;
template Fault Loss::compute<double>(Inputs, Outputs) const;

OperatorPtr make_NegativeLogLikelihoodLoss(const Attributes& attributes) {
  return make(attributes, false);
}
OperatorPtr make_SoftmaxCrossEntropyLoss(const Attributes& attributes) {
  return make(attributes, true);
}

}  // namespace engine::ops
