#include "support/operator_case.h"

#include "base/dispatch.h"
#include "base/fp_state.h"
#include "base/text.h"
#include "ops/cpu/kernel.h"
#include "ops/registry.h"
#include "ops/reorder.h"
#include "ops/store.h"

#include <gtest/gtest.h>

#include <bit>
#include <cstring>
#include <deque>
#include <memory>
#include <random>

namespace engine::test {
namespace {

// 53 random bits as a fraction; std::uniform_real_distribution differs between libraries.
double fraction(std::mt19937_64& bits) { return static_cast<double>(bits() >> 11) * 0x1p-53; }

struct Operands {
  std::vector<ops::Operand> list;
  explicit Operands(const OperatorCase& c, bool all_values) {
    for (std::size_t i = 0; i < c.inputs.size(); ++i) {
      const Tensor& tensor = c.inputs[i];
      ops::Operand operand;
      operand.present = tensor.defined();
      if (tensor.defined()) operand.type = TensorType(tensor.dtype(), tensor.shape());
      const bool known = all_values || (c.constants >> i & 1u) != 0;
      if (tensor.defined() && known) operand.value = &tensor;
      list.push_back(operand);
    }
  }
};

std::vector<Tensor> make_outputs(const OperatorCase& c) {
  const std::vector<TensorType> types = infer(c);
  std::vector<Tensor> outputs(c.outputs.size());
  for (std::size_t i = 0; i < outputs.size(); ++i)
    if (c.outputs[i]) {
      outputs[i] = Tensor(types.at(i).dtype, types[i].shape().value());
      // What a kernel leaves out must not look right by chance.
      if (outputs[i].dtype() != DType::kString)
        std::memset(outputs[i].mutable_data(), 0xa5, outputs[i].bytes());
    }
  return outputs;
}

std::vector<ops::Input> views(const std::vector<Tensor>& tensors) {
  std::vector<ops::Input> list;
  for (const Tensor& tensor : tensors) list.push_back(ops::view(tensor));
  return list;
}

std::vector<ops::Output> mutable_views(std::vector<Tensor>& tensors) {
  std::vector<ops::Output> list;
  for (Tensor& tensor : tensors) list.push_back(ops::mutable_view(tensor));
  return list;
}

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

// A case packed and ready to be bound, as the planner does it.
class BoundCase {
 public:
  BoundCase(const OperatorCase& c, const ops::Backend& backend)
      : case_(c), backend_(backend), outputs_(make_outputs(c)), in_(views(c.inputs)) {
    const Operands operands(c, false);
    packed_ = backend.pack(*c.op, ops::Operands(operands.list));
    for (std::size_t i = 0; i < in_.size(); ++i) {
      in_data_.push_back(in_[i].data);
      if ((c.constants >> i & 1u) == 0) in_[i].data = nullptr;
      // What a kernel packed it must not read again.
      if (packed_ && (packed_->consumed_inputs >> i & 1u) != 0) in_data_[i] = in_[i].data = nullptr;
    }
    out_ = mutable_views(outputs_);
    for (ops::Output& output : out_) {
      out_data_.push_back(output.data);
      output.data = nullptr;
    }
  }

  // Blocks the operands that the backend offers to take so, with wider borders than it needs.
  bool block(Pool& pool) {
    const ops::LayoutOffer offer = backend_.offer(binding());
    if (!offer.inputs) return false;
    for (std::size_t i = 0; i < in_.size(); ++i) {
      if (!(offer.inputs >> i & 1u)) continue;
      ops::Border border = i == 0 ? offer.border : ops::Border{2, 1, 0, 3};
      if (i == 0) border.right += 1, border.top += 2;
      ops::Input blocked = in_[i];
      blocked.layout = {true, border};
      const void* from = in_data_[i];
      void* to = memory(ops::blocked_bytes(in_[i].shape(), blocked.layout));
      reorder(in_[i], {in_[i].dtype, in_[i].extents, nullptr, blocked.layout}, from, to, pool);
      in_data_[i] = to;
      in_[i] = blocked;
    }
    if (offer.output) {
      out_[0].layout = {true, {1, 0, 2, 1}};
      out_data_[0] = memory(ops::blocked_bytes(out_[0].shape(), out_[0].layout));
    }
    return true;
  }

  std::vector<Tensor> run(Pool& pool, std::string* kernel_name) {
    const FpState fp;
    const auto kernel = backend_.bind(binding());
    if (kernel_name) *kernel_name = kernel->name();
    const std::size_t bytes = kernel->scratch_bytes(pool.concurrency());
    const ops::Call call{in_data_.data(), out_data_.data(), static_cast<std::byte*>(memory(bytes)),
                         pool};
    EXPECT_TRUE(kernel->run(call).ok()) << case_.name << " on " << backend_.name();
    if (out_[0].layout.blocked) read_blocked_output(pool);
    return std::move(outputs_);
  }

 private:
  ops::Binding binding() const { return {*case_.op, in_, out_, packed_.get()}; }

  // Bytes that look like nothing that a kernel would write.
  void* memory(std::size_t bytes) {
    memory_.emplace_back(DType::kUInt8, Shape{static_cast<Index>(bytes)});
    std::memset(memory_.back().mutable_data(), 0xa5, bytes);
    return memory_.back().mutable_data();
  }

  static void reorder(const ops::Input& from, const ops::Output& to, const void* source,
                      void* target, Pool& pool) {
    EXPECT_TRUE(ops::bind_reorder(from, to)->run({&source, &target, nullptr, pool}).ok());
  }

  void read_blocked_output(Pool& pool) {
    const ops::Output& y = out_[0];
    const auto* floats = static_cast<const float*>(out_data_[0]);
    const ops::BlockedView view(y.shape(), y.layout);
    for (Index n = 0; n < view.batch; ++n)
      for (Index j = 0; j < view.blocks; ++j)
        for (Index row = -1; row < view.height + 2; ++row)
          for (Index column = 0; column < view.width + 1; ++column) {
            if (row >= 0 && row < view.height && column < view.width) continue;
            const float* pixel = floats + view.offset(n, j, row, column);
            for (Index lane = 0; lane < view.block; ++lane)
              ASSERT_EQ(std::bit_cast<std::uint32_t>(pixel[lane]), 0u)
                  << "border of " << case_.name << " at " << row << ", " << column;
          }
    reorder({y.dtype, y.extents, nullptr, y.layout}, {y.dtype, y.extents, nullptr}, out_data_[0],
            outputs_[0].mutable_data(), pool);
  }

  const OperatorCase& case_;
  const ops::Backend& backend_;
  std::vector<Tensor> outputs_;
  std::vector<ops::Input> in_;
  std::vector<ops::Output> out_;
  std::vector<const void*> in_data_;
  std::vector<void*> out_data_;
  std::shared_ptr<const ops::Packed> packed_;
  std::deque<Tensor> memory_;
};

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

std::vector<TensorType> infer(const OperatorCase& c) {
  const Operands operands(c, true);
  return c.op->infer(ops::Operands(operands.list), static_cast<Index>(c.outputs.size()));
}

std::vector<Tensor> run_reference(const OperatorCase& c) {
  const FpState fp;
  std::vector<Tensor> outputs = make_outputs(c);
  EXPECT_TRUE(c.op->reference(views(c.inputs), mutable_views(outputs)).ok()) << c.name;
  return outputs;
}

std::vector<Tensor> run_evaluate(const OperatorCase& c) {
  const FpState fp;
  std::vector<Tensor> outputs = make_outputs(c);
  EXPECT_TRUE(c.op->evaluate(views(c.inputs), mutable_views(outputs)).ok()) << c.name;
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
  return bound.run(pool, kernel_name);
}

std::optional<std::vector<Tensor>> run_blocked(const OperatorCase& c, const ops::Backend& backend,
                                               int threads, std::string* kernel_name) {
  Pool pool(threads, nullptr);
  BoundCase bound(c, backend);
  if (!bound.block(pool)) return std::nullopt;
  return bound.run(pool, kernel_name);
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

void check_bits(const OperatorCase& c) {
  SCOPED_TRACE(c.name);
  const std::vector<Tensor> wanted = run_evaluate(c);
  for (const Isa isa : available_isas()) {
    const auto backend = cpu::make_backend(isa);
    for (const int threads : {1, 3}) {
      std::string kernel;
      const std::vector<Tensor> got = run_backend(c, *backend, threads, &kernel);
      for (std::size_t i = 0; i < got.size(); ++i)
        EXPECT_EQ(compare_bits(got[i], wanted[i]), "")
            << "output " << i << " of " << kernel << " on " << threads << " threads";
      const auto blocked = run_blocked(c, *backend, threads, &kernel);
      for (std::size_t i = 0; blocked && i < blocked->size(); ++i)
        EXPECT_EQ(compare_bits((*blocked)[i], wanted[i]), "")
            << "output " << i << " of " << kernel << " on " << threads << " threads";
    }
  }
}

void check_operator(const OperatorCase& c) {
  SCOPED_TRACE(c.name);
  const std::vector<Tensor> exact = run_reference(c), got = run_evaluate(c);
  for (std::size_t i = 0; i < got.size(); ++i)
    EXPECT_EQ(compare_values(got[i], exact[i], c.relative, c.absolute), "") << "output " << i;
  check_bits(c);
}

}  // namespace engine::test
