#include "ops/backend.h"

#include "base/cpu_features.h"
#include "ops/reorder.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace engine::ops {
namespace {

class OperatorKernel final : public Kernel {
 public:
  OperatorKernel(const Binding& binding, bool reference) : op_(binding.op), reference_(reference) {
    for (const Input& input : binding.in) {
      in_shapes_.push_back(input ? input.shape() : Shape{});
      in_.push_back(input);
    }
    for (const Output& output : binding.out) {
      out_shapes_.push_back(output ? output.shape() : Shape{});
      out_.push_back(output);
    }
    workspace_ = op_.workspace(binding.in, binding.out);
  }

  std::size_t scratch_bytes(int) const noexcept override { return workspace_; }

  Fault run(const Call& call) const noexcept override {
    constexpr std::size_t kMost = 64;
    try {
      Input in[kMost];
      Output out[kMost];
      const bool small = in_.size() <= kMost && out_.size() <= kMost;
      std::vector<Input> many_in(small ? 0 : in_.size());
      std::vector<Output> many_out(small ? 0 : out_.size());
      Input* inputs = small ? in : many_in.data();
      Output* outputs = small ? out : many_out.data();
      for (std::size_t i = 0; i < in_.size(); ++i)
        if (in_[i]) inputs[i] = {in_[i].dtype, &in_shapes_[i], call.in[i]};
      for (std::size_t i = 0; i < out_.size(); ++i)
        if (out_[i]) outputs[i] = {out_[i].dtype, &out_shapes_[i], call.out[i]};
      const Inputs views(inputs, in_.size());
      const Outputs results(outputs, out_.size());
      return reference_ ? op_.reference(views, results) : op_.evaluate(views, results);
    } catch (const std::bad_alloc&) {
      return {Status::Fault::kResourceExhausted, 0, 0};
    } catch (const Error&) {
      return {Status::Fault::kBadValue, kManyValues, 0};
    } catch (...) {
      return {Status::Fault::kInternal, 0, 0};
    }
  }

  std::string name() const override {
    return std::string(op_.name()) + (reference_ ? "[reference]" : "[generic]");
  }

 private:
  const Operator& op_;
  bool reference_;
  std::size_t workspace_ = 0;
  std::vector<Input> in_;
  std::vector<Output> out_;
  std::vector<Shape> in_shapes_, out_shapes_;
};

// For outputs without elements, however long their other axes and those of the inputs are.
class IdleKernel final : public Kernel {
 public:
  Fault run(const Call&) const noexcept override { return kNoFault; }
  std::string name() const override { return "nothing to do"; }
};

class CopyKernel final : public Kernel {
 public:
  explicit CopyKernel(std::size_t bytes) : bytes_(bytes) {}
  Fault run(const Call& call) const noexcept override {
    if (bytes_) std::memcpy(call.out[0], call.in[0], bytes_);
    return kNoFault;
  }
  std::string name() const override { return "copy"; }

 private:
  std::size_t bytes_;
};

class ReferenceBackend final : public Backend {
 public:
  std::string name() const override { return "reference"; }
  std::string other_bits() const override {
    return "the reference computes in double: its bits are its own";
  }
  std::shared_ptr<const Packed> pack(const Operator&, const Operands&) const override {
    return nullptr;
  }

 private:
  std::unique_ptr<Kernel> bind_kernel(const Binding& binding) const override {
    return bind_operator(binding, true);
  }
};

[[maybe_unused]] bool all_plain(const Binding& binding) {
  const auto plain = [](const auto& operand) { return !operand.layout.blocked; };
  return std::ranges::all_of(binding.in, plain) && std::ranges::all_of(binding.out, plain);
}

}  // namespace

Hardware Backend::hardware() const {
  static const std::string model = cpu_info().model;
  return {model.empty() ? "unknown CPU" : model, ""};
}

std::unique_ptr<Kernel> Backend::bind(const Binding& binding) const {
  const bool idle = std::ranges::all_of(
      binding.out, [](const Output& output) { return !output || output.size() == 0; });
  return idle ? std::make_unique<IdleKernel>() : bind_kernel(binding);
}

std::unique_ptr<Kernel> Backend::bind_reorder(const Input& from, const Output& to) const {
  return ops::bind_reorder(from, to);
}

std::unique_ptr<Kernel> Backend::bind_copy(std::size_t bytes) const {
  return std::make_unique<CopyKernel>(bytes);
}

std::unique_ptr<Kernel> bind_operator(const Binding& binding, bool reference) {
  ENGINE_EXPECT(all_plain(binding));
  return std::make_unique<OperatorKernel>(binding, reference);
}

std::unique_ptr<Backend> make_reference_backend() { return std::make_unique<ReferenceBackend>(); }

}  // namespace engine::ops
