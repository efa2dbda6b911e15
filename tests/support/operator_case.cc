#include "support/operator_case.h"

#include "base/dispatch.h"
#include "base/fp_state.h"
#include "base/text.h"
#include "ops/registry.h"
#include "ops/store.h"
#include "support/bound_case.h"

#include <cmath>
#include <cstring>
#include <random>
#include <sstream>

namespace engine::test {
namespace {

// 53 random bits as a fraction; std::uniform_real_distribution differs between libraries.
double fraction(std::mt19937_64& bits) { return static_cast<double>(bits() >> 11) * 0x1p-53; }

template <class T>
double as_double(const Tensor& tensor, Index i) {
  return static_cast<double>(tensor.values<T>()[static_cast<std::size_t>(i)]);
}

std::string different_types(const Tensor& a, const Tensor& b) {
  if (a.defined() != b.defined()) return "one is absent";
  if (!a.defined() || (a.dtype() == b.dtype() && a.shape() == b.shape())) return {};
  return concat(to_string(a.dtype()), " ", to_string(a.shape()), " against ", to_string(b.dtype()),
                " ", to_string(b.shape()));
}

void require_ok(const OperatorCase& c, ops::Fault fault) {
  ENGINE_REQUIRE(fault.ok(), ErrorCode::kRunFailed, c.name, " failed");
}

std::vector<Tensor> run_bound(BoundCase& bound, Pool& pool, std::string* kernel_name) {
  const FpState fp;
  bound.bind(pool);
  if (kernel_name) *kernel_name = bound.kernel().name();
  bound.run(pool);
  return bound.take_outputs(pool);
}

}  // namespace

ops::Attributes attributes(std::vector<std::pair<std::string, ops::Attribute>> list) {
  ops::Attributes result;
  for (auto& [name, value] : list) result.set(name, std::move(value));
  return result;
}

ops::OperatorPtr make_operator(const std::string& domain, const std::string& name,
                               const ops::Attributes& attributes) {
  const ops::OperatorDef* def = ops::find(domain, name);
  if (!def) fail(ErrorCode::kNotFound, "operator ", name, " is not registered");
  return def->make(attributes);
}

Tensor random(DType dtype, Shape shape, unsigned seed, double low, double high) {
  Tensor tensor(dtype, std::move(shape));
  std::mt19937_64 bits(seed);
  dispatch_all(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    for (T& value : tensor.mutable_values<T>())
      value = ops::store<T>(low + (high - low) * fraction(bits));
  });
  return tensor;
}

Tensor random_special(Shape shape, unsigned seed, int rarity) {
  Tensor tensor = random(DType::kFloat32, std::move(shape), seed, -4, 4);
  std::mt19937_64 bits(seed + 1);
  using Limits = std::numeric_limits<float>;
  const float usual[] = {0.0f,
                         -0.0f,
                         1e-40f,
                         -1e-42f,
                         Limits::denorm_min(),
                         1e-38f,
                         -3e-20f,
                         Limits::max() / 4,
                         -Limits::max() / 8,
                         1.0f,
                         -1.0f};
  const float rare[] = {Limits::infinity(), -Limits::infinity(), Limits::quiet_NaN()};
  for (float& value : tensor.mutable_values<float>()) {
    const auto draw = bits() >> 33;
    if (draw % static_cast<unsigned>(rarity) == 0) value = rare[draw / 1024 % std::size(rare)];
    else if (draw % 3 == 0) value = usual[draw / 1024 % std::size(usual)];
  }
  return tensor;
}

std::vector<Tensor> run_reference(const OperatorCase& c) {
  const FpState fp;
  std::vector<Tensor> outputs = make_outputs(c);
  require_ok(c, c.op->reference(views(c.inputs), mutable_views(outputs)));
  return outputs;
}

std::vector<Tensor> run_evaluate(const OperatorCase& c) {
  const FpState fp;
  std::vector<Tensor> outputs = make_outputs(c);
  require_ok(c, c.op->evaluate(views(c.inputs), mutable_views(outputs)));
  return outputs;
}

std::vector<Tensor> run_backend(const OperatorCase& c, const ops::Backend& backend, int threads,
                                std::string* kernel_name) {
  Pool pool(threads, nullptr);
  return run_backend(c, backend, pool, kernel_name);
}

std::vector<Tensor> run_backend(const OperatorCase& c, const ops::Backend& backend, Pool& pool,
                                std::string* kernel_name) {
  BoundCase bound(c, backend);
  return run_bound(bound, pool, kernel_name);
}

std::optional<std::vector<Tensor>> run_blocked(const OperatorCase& c, const ops::Backend& backend,
                                               int threads, std::string* kernel_name) {
  Pool pool(threads, nullptr);
  BoundCase bound(c, backend);
  constexpr BoundCase::Spare kWider = {{1, 0, 2, 1}, {2, 1, 0, 3}};
  if (!bound.block(pool, kWider)) return std::nullopt;
  return run_bound(bound, pool, kernel_name);
}

std::vector<Isa> available_isas() {
  std::vector<Isa> list;
  for (const Isa isa : {Isa::kScalar, Isa::kAvx2, Isa::kAvx512, Isa::kNeon})
    if (available(isa)) list.push_back(isa);
  return list;
}

std::vector<std::string> devices_to_try() {
  std::vector<std::string> names = {"reference"};
  for (const Isa isa : available_isas()) names.push_back(concat("cpu:", to_string(isa)));
  return names;
}

std::string compare_bits(const Tensor& got, const Tensor& wanted) {
  if (std::string text = different_types(got, wanted); !text.empty() || !got.defined()) return text;
  if (got.dtype() == DType::kString) {
    const bool same =
        std::equal(got.strings().begin(), got.strings().end(), wanted.strings().begin());
    return same ? "" : "strings differ";
  }
  return dispatch_all(got.dtype(), [&](auto tag) -> std::string {
    using T = typename decltype(tag)::type;
    const auto a = got.values<T>(), b = wanted.values<T>();
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (std::memcmp(&a[i], &b[i], sizeof(T)) == 0) continue;
      const auto x = static_cast<double>(a[i]), y = static_cast<double>(b[i]);
      if (x != x && y != y) continue;
      std::ostringstream text;
      text << std::hexfloat << "element " << i << " of " << to_string(got.shape()) << ": " << x
           << " against " << y;
      return text.str();
    }
    return {};
  });
}

std::string compare_values(const Tensor& got, const Tensor& wanted, double relative,
                           double absolute) {
  if (std::string text = different_types(got, wanted); !text.empty() || !got.defined()) return text;
  if (got.dtype() == DType::kString) return compare_bits(got, wanted);
  return dispatch_all(got.dtype(), [&](auto tag) -> std::string {
    using T = typename decltype(tag)::type;
    for (Index i = 0; i < got.size(); ++i) {
      const double x = as_double<T>(got, i), y = as_double<T>(wanted, i);
      if (x == y || (x != x && y != y)) continue;
      if (std::fabs(x - y) <= absolute + relative * std::fabs(y)) continue;
      return concat("element ", i, " of ", to_string(got.shape()), ": ", x, " against ", y);
    }
    return {};
  });
}

}  // namespace engine::test
