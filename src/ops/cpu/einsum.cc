// Einsum of two operands on the CPU, float32, as batched matrix products. A label of both operands
// and the output numbers products, one of the first (second) operand and the output numbers rows
// (columns), one of both operands alone is summed over. One chain per output in the order of the
// summed labels, as the operator says.
#include "ops/einsum.h"

#include "base/shape.h"
#include "ops/broadcast_loop.h"
#include "ops/cpu/matmul_tiles.h"
#include "ops/cpu/pack.h"

#include <algorithm>
#include <array>
#include <utility>

namespace engine::cpu {
namespace {

// Labels of one kind, by their steps in the two tensors that have them.
struct Labels {
  ops::LoopAxes<2> axes;

  Index count() const {
    Index count = 1;
    for (const auto& axis : axes) count *= axis.extent;
    return count;
  }
  // The step in tensor `side` if all labels are as one there.
  std::optional<Index> step(std::size_t side) const {
    ops::LoopAxes<1> own;
    for (const auto& axis : axes) own.push_back({axis.extent, {axis.strides[side]}});
    own = ops::merge_axes(own);
    if (own.size() != 1) return std::nullopt;
    return own[0].strides[0];
  }
  std::vector<Index> offsets(std::size_t side) const {
    std::vector<Index> result{0};
    for (const auto& axis : axes) {
      std::vector<Index> longer;
      for (const Index at : result)
        for (Index i = 0; i < axis.extent; ++i) longer.push_back(at + i * axis.strides[side]);
      result = std::move(longer);
    }
    return result;
  }
};

struct Product {
  Labels rows;     // a, y
  Labels columns;  // b, y
  Labels sums;     // a, b
  struct Offsets {
    Index a, b, y;
  };
  std::vector<Offsets> products{{0, 0, 0}};
  bool swapped = false;  // a is the second operand
};

// A matrix that is copied to scratch, since its labels have no common step.
struct Copy {
  std::vector<Index> rows, columns;  // empty: the matrix is read where it lies
  explicit operator bool() const noexcept { return !rows.empty(); }
  Index floats() const noexcept { return (std::ssize(rows) * std::ssize(columns) + 15) / 16 * 16; }
  void run(const float* from, float* to) const noexcept {
    for (const Index row : rows)
      for (const Index column : columns) *to++ = from[row + column];
  }
};

class EinsumKernel final : public Kernel {
 public:
  EinsumKernel(const Product& p, Isa isa)
      : products_(p.products), swapped_(p.swapped), isa_(isa), columns_(matmul_columns_for(isa)) {
    form_.m = p.rows.count();
    form_.n = p.columns.count();
    form_.k = p.sums.count();
    const auto a_row = p.rows.step(0), a_k = p.sums.step(0);
    const auto b_k = p.sums.step(1), b_column = p.columns.step(0);
    const auto y_row = p.rows.step(1), y_column = p.columns.step(1);
    if (a_row && a_k) form_.a_row = *a_row, form_.a_k = *a_k;
    else {
      a_copy_ = {p.rows.offsets(0), p.sums.offsets(0)};
      form_.a_row = form_.k, form_.a_k = 1;
    }
    if (b_k && b_column) form_.b_k = *b_k, form_.b_column = *b_column;
    else {
      b_copy_ = {p.sums.offsets(1), p.columns.offsets(0)};
      form_.b_k = form_.n, form_.b_column = 1;
    }
    if (y_row && y_column && (*y_column == 1 || form_.n == 1)) form_.y_row = *y_row;
    else {
      y_copy_ = {p.rows.offsets(1), p.columns.offsets(1)};
      form_.y_row = PackedMatrix::kBlock;
    }
  }

  Fault run(const Call& call) const noexcept override {
    const Index blocks = PackedMatrix::blocks_of(form_.n);
    const Index tasks = std::ssize(products_) * blocks;
    const bool small = tasks * form_.m * form_.k < (1 << 13);
    const Index pieces = small ? 1 : std::min<Index>(tasks, call.pool.concurrency());
    call.pool.parallel(pieces, [&](Index piece) {
      float* scratch = reinterpret_cast<float*>(call.scratch) + piece * piece_floats();
      Index copied = -1;  // the product whose operands lie in scratch
      for (Index task = tasks * piece / pieces; task < tasks * (piece + 1) / pieces; ++task) {
        run_block(call, task / blocks, task % blocks, copied != task / blocks, scratch);
        copied = task / blocks;
      }
    });
    return ops::kNoFault;
  }
  std::size_t scratch_bytes(int threads) const noexcept override {
    return static_cast<std::size_t>(threads * piece_floats()) * sizeof(float);
  }
  std::string name() const override { return kernel_name("einsum_tiles", isa_); }

 private:
  Index packed_floats() const noexcept {
    return std::max<Index>(form_.k, 1) * PackedMatrix::kBlock;
  }
  Index piece_floats() const noexcept {
    return packed_floats() + (a_copy_ ? a_copy_.floats() : 0) + (b_copy_ ? b_copy_.floats() : 0) +
           (y_copy_ ? form_.m * PackedMatrix::kBlock : 0);
  }

  void run_block(const Call& call, Index product, Index block, bool fresh,
                 float* scratch) const noexcept {
    const Product::Offsets& at = products_[static_cast<std::size_t>(product)];
    const Index first = block * PackedMatrix::kBlock;
    float* packed = scratch;
    scratch += packed_floats();
    MatMulArguments g = form_;
    g.a = static_cast<const float*>(call.in[swapped_ ? 1 : 0]) + at.a;
    g.b = static_cast<const float*>(call.in[swapped_ ? 0 : 1]) + at.b;
    float* y = static_cast<float*>(call.out[0]) + at.y;
    if (a_copy_) {
      if (fresh) a_copy_.run(g.a, scratch);
      g.a = scratch;
      scratch += a_copy_.floats();
    }
    if (b_copy_) {
      if (fresh) b_copy_.run(g.b, scratch);
      g.b = scratch;
      scratch += b_copy_.floats();
    }
    // The block alone, as a product of its own.
    g.n = std::min(PackedMatrix::kBlock, form_.n - first);
    g.b += first * g.b_column;
    g.y = y_copy_ ? scratch : y + first;
    columns_(g, 0, g.n, packed);
    if (!y_copy_) return;
    for (Index row = 0; row < g.m; ++row) {
      const float* from = scratch + row * PackedMatrix::kBlock;
      float* to = y + y_copy_.rows[static_cast<std::size_t>(row)];
      for (Index c = 0; c < g.n; ++c)
        to[y_copy_.columns[static_cast<std::size_t>(first + c)]] = from[c];
    }
  }

  std::vector<Product::Offsets> products_;
  bool swapped_;
  Isa isa_;
  MatMulColumns columns_;
  MatMulArguments form_{};
  Copy a_copy_, b_copy_, y_copy_;  // of y: where its rows and columns lie
};

}  // namespace

std::unique_ptr<Kernel> bind_einsum(const Binding& binding, Isa isa) {
  if (binding.in.size() != 2 || binding.in[0].dtype != DType::kFloat32) return nullptr;
  const ops::Einsum::Loops l = static_cast<const ops::Einsum&>(binding.op).loops(binding.in);
  const Shape y_steps = strides_of(binding.out[0].shape());
  const auto outputs = static_cast<std::size_t>(l.outputs);
  const auto steps = [&](std::size_t side, std::size_t label) {
    return label < outputs && side == 2 ? y_steps[label] : l.strides[side][label];
  };
  // Columns are those of the operand with the output's last label.
  Product p;
  for (std::size_t label = 0; label < outputs; ++label) {
    if (l.extents[label] == 1) continue;
    if (l.strides[0][label] == 0) p.swapped = false;
    else if (l.strides[1][label] == 0) p.swapped = true;
  }
  const std::size_t a = p.swapped ? 1 : 0, b = 1 - a;
  for (std::size_t label = 0; label < l.extents.size(); ++label) {
    const Index extent = l.extents[label];
    if (extent == 0) return nullptr;
    if (extent == 1) continue;
    const bool in_a = l.strides[a][label] != 0, in_b = l.strides[b][label] != 0;
    if (label >= outputs) {
      if (!in_a || !in_b) return nullptr;
      p.sums.axes.push_back({extent, {steps(a, label), steps(b, label)}});
    } else if (!in_b) {
      p.rows.axes.push_back({extent, {steps(a, label), steps(2, label)}});
    } else if (!in_a) {
      p.columns.axes.push_back({extent, {steps(b, label), steps(2, label)}});
    } else {
      // A list of many small products is slower than the text without one.
      constexpr std::size_t kMostProducts = 65'536;
      if (p.products.size() > kMostProducts / static_cast<std::size_t>(extent)) return nullptr;
      std::vector<Product::Offsets> longer;
      for (const auto& at : p.products)
        for (Index i = 0; i < extent; ++i)
          longer.push_back(
              {at.a + i * steps(a, label), at.b + i * steps(b, label), at.y + i * steps(2, label)});
      p.products = std::move(longer);
    }
  }
  constexpr Index kSmallProduct = 256;
  const Index size = p.rows.count() * p.columns.count() * p.sums.count();
  if (p.products.size() > 16 && size < kSmallProduct) return nullptr;
  return std::make_unique<EinsumKernel>(p, isa);
}

}  // namespace engine::cpu
