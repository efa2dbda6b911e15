// Ensembles of trees on the CPU, x float32. Many rows run in blocks of 16, one per lane: a shallow
// tree is computed as a whole, every comparison and then every choice, from its leaves up; a deep
// one is walked row by row, 8 rows at once. Few rows are walked 8 trees at once. The votes are
// added up in the order of the trees: ops/tree_ensemble.h.
#define ENGINE_ISA_FILE "ops/cpu/trees.cc"
#include "ops/cpu/simd/foreach_isa.h"
#include "ops/cpu/packed_trees.h"

#include "ops/cpu/simd/vec.inc"

ENGINE_BEGIN_ISA

/// A complete tree, read from its root on.
struct TreeReader {
  const float* bounds;
  const std::int32_t* columns;
  const float* weights;
  const float* values;  ///< [columns][16]
};

template <int kDepth>
ENGINE_INLINE Vec tree_value(TreeReader& t) {
  if constexpr (kDepth == 0) {
    return fill(*t.weights++);
  } else {
    const Mask above = lt(fill(*t.bounds++), load(t.values + Index{*t.columns++} * kVecLanes));
    const Vec below = tree_value<kDepth - 1>(t);
    return select(above, tree_value<kDepth - 1>(t), below);
  }
}
// Deep ones from parts, so that the text stays short.
[[gnu::noinline]] Vec tree_of_4(TreeReader& t) noexcept { return tree_value<4>(t); }
Vec deep_tree_value(TreeReader& t, int depth) noexcept {
  if (depth == 4) return tree_of_4(t);
  const Mask above = lt(fill(*t.bounds++), load(t.values + Index{*t.columns++} * kVecLanes));
  const Vec below = deep_tree_value(t, depth - 1);
  return select(above, deep_tree_value(t, depth - 1), below);
}

/// score[16] += what the tree gives for 16 rows.
void add_tree(int depth, const float* bounds, const std::int32_t* columns, const float* weights,
              const float* values, float* score) noexcept {
  TreeReader t{bounds, columns, weights, values};
  Vec value;
  switch (depth) {
    case 0: value = tree_value<0>(t); break;
    case 1: value = tree_value<1>(t); break;
    case 2: value = tree_value<2>(t); break;
    case 3: value = tree_value<3>(t); break;
    case 4: value = tree_value<4>(t); break;
    default: value = deep_tree_value(t, depth);
  }
  store(score, add(load(score), value));
}

ENGINE_END_ISA

#if ENGINE_LAST_ISA
namespace engine::cpu {
namespace {

constexpr Index kBlock = numerics::kLanes;  // rows of a block
constexpr int kChains = 8;                  // walks that proceed at once

/// Walks chain c from step at[c]; its values are `values[column * step + c * apart]`.
void walk(const TreeStep* steps, std::int32_t depth, const float* values, Index step, Index apart,
          std::int32_t (&at)[kChains]) noexcept {
  for (std::int32_t level = 0; level < depth; ++level)
    for (int c = 0; c < kChains; ++c) {
      const TreeStep& s = steps[at[c]];
      at[c] = s.next + (values[s.column * step + c * apart] > s.bound);
    }
}

class TreesKernel final : public Kernel {
 public:
  TreesKernel(const Binding& binding, const ops::TreeScored& op, const PackedTrees& packed, Isa isa)
      : op_(op),
        packed_(packed),
        shape_(binding.in[0].shape()),
        isa_(isa),
        add_tree_(ENGINE_KERNEL(isa, add_tree)) {
    for (const ops::Output& out : binding.out) {
      out_types_.push_back(out ? out.dtype : DType::kFloat32);
      out_shapes_.push_back(out ? out.shape() : Shape{});
      has_out_.push_back(static_cast<bool>(out));
    }
    seen_.assign(static_cast<std::size_t>(targets()), 0);
    for (const PackedTree& tree : packed_.trees)
      if (tree.target >= 0) seen_[static_cast<std::size_t>(tree.target)] = 1;
  }

  Fault run(const Call& call) const noexcept override {
    const auto [rows, features] = ops::feature_rows(shape_);
    ops::Output outputs[kMostOutputs];
    for (std::size_t i = 0; i < out_types_.size(); ++i)
      if (has_out_[i]) outputs[i] = {out_types_[i], &out_shapes_[i], call.out[i]};
    const ops::Outputs out(outputs, out_types_.size());
    const float* x = static_cast<const float*>(call.in[0]);
    const Index blocks = (rows + kBlock - 1) / kBlock;
    constexpr Index kTreesPerPiece = 1 << 11;  // below, handing over costs more than it saves
    const Index trees = std::max<Index>(1, std::ssize(packed_.trees));
    const Index pieces = std::min<Index>(
        {blocks, call.pool.concurrency(), std::max<Index>(1, rows * trees / kTreesPerPiece)});
    call.pool.parallel(pieces, [&, rows = rows, features = features](Index piece) {
      const Scratch s = scratch(call.scratch, piece);
      const Index last = std::min(rows, blocks * (piece + 1) / pieces * kBlock);
      for (Index row = blocks * piece / pieces * kBlock; row < last;) {
        const Index count = std::min(kBlock, last - row);
        if (count >= kFewestRows) run_block(x + row * features, features, row, count, s, out);
        else
          for (Index r = row; r < row + count; ++r) run_row(x + r * features, r, s, out);
        row += count;
      }
    });
    return ops::kNoFault;
  }
  std::size_t scratch_bytes(int threads) const noexcept override {
    return static_cast<std::size_t>(threads) * piece_bytes();
  }
  std::string name() const override { return kernel_name("trees", isa_); }

  static constexpr std::size_t kMostOutputs = 2;

 private:
  static constexpr Index kFewestRows = 5;  // that make a block, the other lanes repeating the last

  struct Scratch {
    float* values;   ///< [width][16], or of one row [width]
    float* scores;   ///< [targets][16]
    float* row;      ///< [targets]
    bool* seen;      ///< [targets][16]
    bool* row_seen;  ///< [targets]
  };

  Index targets() const noexcept { return op_.trees.targets; }
  std::size_t piece_bytes() const noexcept {
    const std::size_t floats = static_cast<std::size_t>(packed_.width() * kBlock) +
                               static_cast<std::size_t>(targets() * (kBlock + 1));
    const std::size_t flags = static_cast<std::size_t>(targets() * (kBlock + 1));
    return (floats * sizeof(float) + flags + 63) / 64 * 64;
  }
  Scratch scratch(std::byte* all, Index piece) const noexcept {
    Scratch s;
    s.values = reinterpret_cast<float*>(all + static_cast<std::size_t>(piece) * piece_bytes());
    s.scores = s.values + packed_.width() * kBlock;
    s.row = s.scores + targets() * kBlock;
    s.seen = reinterpret_cast<bool*>(s.row + targets());
    s.row_seen = s.seen + targets() * kBlock;
    return s;
  }

  /// values[column * step] of one row.
  void read_row(const float* x, Index step, float* values) const noexcept {
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    for (Index f = 0; f < packed_.features; ++f) values[f * step] = x[f] != x[f] ? kInfinity : x[f];
    if (!packed_.both_signs) return;
    float* low = values + packed_.features * step;
    for (Index f = 0; f < packed_.features; ++f) low[f * step] = x[f] != x[f] ? -kInfinity : x[f];
  }

  const ops::TreeNode& leaf(std::int32_t step) const noexcept {
    const std::int32_t end = packed_.steps[static_cast<std::size_t>(step)].end;
    return op_.trees.nodes[static_cast<std::size_t>(end)];
  }

  void run_row(const float* x, Index row, const Scratch& s, ops::Outputs out) const noexcept {
    read_row(x, 1, s.values);
    std::fill_n(s.row, targets(), 0.0f);
    std::fill_n(s.row_seen, targets(), false);
    const Index trees = std::ssize(packed_.trees);
    for (Index first = 0; first < trees; first += kChains) {
      std::int32_t at[kChains] = {}, depth = 0;
      const Index count = std::min<Index>(kChains, trees - first);
      for (Index c = 0; c < count; ++c) {
        const PackedTree& tree = packed_.trees[static_cast<std::size_t>(first + c)];
        at[c] = tree.root;
        depth = std::max(depth, tree.depth);
      }
      walk(packed_.steps.data(), depth, s.values, 1, 0, at);
      for (Index c = 0; c < count; ++c)
        op_.trees.vote(leaf(at[c]), op_.aggregate, s.row, s.row_seen);
    }
    op_.trees.finish(op_.aggregate, s.row);
    op_.give({s.row, static_cast<std::size_t>(targets())}, s.row_seen, row, out);
  }

  void run_block(const float* x, Index features, Index row, Index count, const Scratch& s,
                 ops::Outputs out) const noexcept {
    for (Index r = 0; r < kBlock; ++r)
      read_row(x + std::min(r, count - 1) * features, kBlock, s.values + r);
    std::fill_n(s.scores, targets() * kBlock, 0.0f);
    for (Index t = 0; t < targets(); ++t)
      std::fill_n(s.seen + t * kBlock, kBlock, seen_[static_cast<std::size_t>(t)] != 0);
    for (const PackedTree& tree : packed_.trees) {
      if (tree.branches >= 0)
        add_tree_(tree.depth, packed_.bounds.data() + tree.branches,
                  packed_.columns.data() + tree.branches, packed_.weights.data() + tree.weights,
                  s.values, s.scores + tree.target * kBlock);
      else walk_block(tree, s);
    }
    for (Index r = 0; r < count; ++r) {
      for (Index t = 0; t < targets(); ++t) {
        s.row[t] = s.scores[t * kBlock + r];
        s.row_seen[t] = s.seen[t * kBlock + r];
      }
      op_.trees.finish(op_.aggregate, s.row);
      op_.give({s.row, static_cast<std::size_t>(targets())}, s.row_seen, row + r, out);
    }
  }

  void walk_block(const PackedTree& tree, const Scratch& s) const noexcept {
    for (Index first = 0; first < kBlock; first += kChains) {
      std::int32_t at[kChains];
      std::fill_n(at, kChains, tree.root);
      walk(packed_.steps.data(), tree.depth, s.values + first, kBlock, 1, at);
      for (Index c = 0; c < kChains; ++c)
        op_.trees.vote(leaf(at[c]), op_.aggregate, s.scores + first + c, s.seen + first + c,
                       kBlock);
    }
  }

  const ops::TreeScored& op_;
  const PackedTrees& packed_;
  Shape shape_;
  Isa isa_;
  void (*add_tree_)(int, const float*, const std::int32_t*, const float*, const float*,
                    float*) noexcept;
  std::vector<DType> out_types_;
  std::vector<Shape> out_shapes_;
  std::vector<bool> has_out_;
  std::vector<char> seen_;  ///< targets that every row has a vote for
};

}  // namespace

std::shared_ptr<const Packed> pack_trees(const ops::Operator& op, const ops::Operands& in) {
  if (in.dtype(0) != DType::kFloat32) return nullptr;
  return make_packed_trees(dynamic_cast<const ops::TreeScored&>(op));
}

std::unique_ptr<Kernel> bind_trees(const Binding& binding, Isa isa) {
  if (!binding.packed || binding.out.size() > TreesKernel::kMostOutputs) return nullptr;
  for (const ops::Output& out : binding.out)
    if (out && out.dtype == DType::kString) return nullptr;
  return std::make_unique<TreesKernel>(binding, dynamic_cast<const ops::TreeScored&>(binding.op),
                                       static_cast<const PackedTrees&>(*binding.packed), isa);
}

}  // namespace engine::cpu
#endif
