// What an operator is: attributes, shape inference, and two implementations of its meaning.
#pragma once

#include "base/check.h"
#include "base/dim.h"
#include "base/dispatch.h"
#include "base/shape.h"
#include "ops/layout.h"

#include <engine/tensor.h>

#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace engine::ops {

/// A tensor that an operator reads; `data` is null for an optional input that is absent.
struct Input {
  DType dtype = DType::kFloat32;
  const Shape* extents = nullptr;
  const void* data = nullptr;
  Layout layout = {};  ///< plain but for kernels that offer otherwise (Backend::offer)

  explicit operator bool() const noexcept { return extents != nullptr; }
  const Shape& shape() const noexcept { return *extents; }
  Index rank() const noexcept { return static_cast<Index>(extents->size()); }
  Index size() const noexcept { return product(*extents, 0, rank()); }
  template <class T>
  const T* as() const noexcept {
    ENGINE_EXPECT(dtype_of<T> == dtype);
    return static_cast<const T*>(data);
  }
};

/// A tensor that an operator writes; null for an optional output that nobody wants.
struct Output {
  DType dtype = DType::kFloat32;
  const Shape* extents = nullptr;
  void* data = nullptr;
  Layout layout = {};

  explicit operator bool() const noexcept { return extents != nullptr; }
  const Shape& shape() const noexcept { return *extents; }
  Index rank() const noexcept { return static_cast<Index>(extents->size()); }
  Index size() const noexcept { return product(*extents, 0, rank()); }
  template <class T>
  T* as() const noexcept {
    ENGINE_EXPECT(dtype_of<T> == dtype);
    return static_cast<T*>(data);
  }
};

using Inputs = std::span<const Input>;
using Outputs = std::span<const Output>;

/// The view of a tensor, and of one that is to be written.
Input view(const Tensor& tensor) noexcept;
Output mutable_view(Tensor& tensor) noexcept;

/// What is known of an input when shapes are inferred.
struct Operand {
  TensorType type;
  const Tensor* value = nullptr;  ///< the elements, if they are known already (constants)
  const Dims* extents = nullptr;  ///< the elements as extents, if it is a known list of those
  bool present = true;            ///< false: an optional input that is absent

  explicit operator bool() const noexcept { return present; }
};

/// All inputs of a node as shape inference sees them. Reading beyond the end gives an absent one.
class Operands {
 public:
  explicit Operands(std::span<const Operand> operands) : operands_(operands) {}
  Index size() const noexcept { return static_cast<Index>(operands_.size()); }
  bool has(Index i) const noexcept {
    return i < size() && operands_[static_cast<std::size_t>(i)].present;
  }
  const Operand& operator[](Index i) const noexcept;
  DType dtype(Index i) const noexcept { return (*this)[i].type.dtype; }
  const TensorType& type(Index i) const noexcept { return (*this)[i].type; }

  /// The elements of a small integer input (int32 or int64) if they are known, else nothing.
  std::optional<std::vector<Index>> integers(Index i) const;
  /// The same as extents, of which some may be free.
  std::optional<Dims> extents(Index i) const;

 private:
  std::span<const Operand> operands_;
};

/// Throws unless the input's type is one that `accepts` is true for: "X is string, a number
/// needed".
void require_type(const Operands& in, Index i, const char* name, bool (*accepts)(DType),
                  const char* needed);
/// Throws unless both inputs have the same element type: "A is float32, B is int64".
void require_same_type(const Operands& in, Index i, const char* name_i, Index k,
                       const char* name_k);
/// Throws unless the input has this rank (unknown ranks pass).
void require_rank(const Operands& in, Index i, const char* name, Index rank);

/// Throws if both shapes are known and differ: "residual is [2], [3] needed".
void require_shape(const Operands& in, Index i, const char* name, const TensorType& wanted);

/// What can go wrong with the values of a run; the executor adds the node.
struct Fault {
  Status::Fault kind = Status::Fault::kNone;
  Index a = 0, b = 0;
  bool ok() const noexcept { return kind == Status::Fault::kNone; }
};
inline constexpr Fault kNoFault{};
/// As `a` of a kBadValue that cannot be pinned on one value.
inline constexpr Index kManyValues = std::numeric_limits<Index>::min();

/// One node's meaning: immutable, shared, thread-safe. Attributes are members of the derived class.
class Operator {
 public:
  virtual ~Operator() = default;

  /// The internal name: that of ONNX, or one of our own for fused operators.
  virtual std::string_view name() const noexcept = 0;

  /// Types of the outputs. `outputs` says how many the node has. Throws Error (kInvalidModel) if
  /// the inputs do not fit; the caller adds the node's name. An extent that depends on the values
  /// of an input is unknown unless that input's value is.
  virtual std::vector<TensorType> infer(const Operands& in, Index outputs) const = 0;

  /// Elements of the only output as extents, for operators that compute shapes (Shape, Gather,
  /// ...).
  virtual std::optional<Dims> infer_extents(const Operands&) const { return std::nullopt; }

  /// Whether output shapes depend on input values even when all input shapes are known and all
  /// values that `infer` reads are given; such operators implement `run_dynamic` instead.
  virtual bool data_dependent() const noexcept { return false; }

  /// The oracle: accumulates in double, written for clarity. Never a fallback.
  virtual Fault reference(Inputs in, Outputs out) const = 0;

  /// The scalar instance of the contract kernel: its bits are those of every backend.
  virtual Fault evaluate(Inputs in, Outputs out) const = 0;

  /// For data-dependent operators: makes the outputs itself, none larger than `max_bytes`.
  virtual std::vector<Tensor> run_dynamic(std::span<const Tensor> in, std::size_t max_bytes) const;

  /// Bytes that `evaluate` takes for itself at these shapes, if that may be as much as its outputs;
  /// they count against the memory limit of a run.
  virtual std::size_t workspace(Inputs in, Outputs out) const;

  /// Floating-point operations for these shapes (a multiply-add counts 2).
  virtual Index flops(std::span<const TensorType> in, std::span<const TensorType> out) const;

  /// Whether the elements of output 0 are those of input 0, unmoved (Reshape, Identity, ...): the
  /// planner then lets both share memory and runs nothing.
  virtual bool is_view() const noexcept { return false; }

  /// Which inputs (bits, by position) hold one sample after another along axis 0, so that sample i
  /// of each output depends on sample i of these and on all of the other inputs. 0: axis 0 is no
  /// batch.
  virtual unsigned sample_inputs(Inputs in, Outputs out) const noexcept;

  /// Attributes for people: "kernel_shape=[3, 3] strides=[2, 2]".
  virtual std::string describe() const { return {}; }
};

/// Whether a set of inputs (bits, by position) has input i; those behind the 32nd are in none.
constexpr bool has_input(unsigned set, std::size_t i) noexcept { return i < 32 && (set >> i & 1u); }

/// Those of the inputs `mask` that have as many samples along axis 0 as output 0; none of a node
/// with more inputs than a set can have.
unsigned inputs_with_samples(Inputs in, Outputs out, unsigned mask = ~0u) noexcept;

/// `op.evaluate` on whole tensors; undefined ones are absent.
Fault evaluate(const Operator& op, std::span<const Tensor> in, std::span<Tensor> out);

using OperatorPtr = std::shared_ptr<const Operator>;

/// Base for operators that move elements and compute nothing: one implementation, `move`.
class MovingOperator : public Operator {
 public:
  Fault reference(Inputs in, Outputs out) const final { return move(in, out); }
  Fault evaluate(Inputs in, Outputs out) const final { return move(in, out); }
  virtual Fault move(Inputs in, Outputs out) const = 0;
};

/// Base for operators whose two implementations are one text, `template <class Real> Fault
/// compute(Inputs, Outputs) const`: in double it is the reference, in float the contract kernel
/// (elements that are double are computed in double by both). Plain C++ in a fixed order is the
/// contract, since the whole project is compiled without contraction and reassociation.
template <class Self>
class ComputingOperator : public Operator {
 public:
  Fault reference(Inputs in, Outputs out) const override {
    return static_cast<const Self*>(this)->template compute<double>(in, out);
  }
  Fault evaluate(Inputs in, Outputs out) const override {
    return static_cast<const Self*>(this)->template compute<float>(in, out);
  }
};

/// The type to compute in for elements of type T when `Real` is asked for.
template <class T, class Real>
using Compute = std::conditional_t<std::is_same_v<T, double>, double, Real>;

}  // namespace engine::ops
