// Gather and GatherND: runs of bytes at positions that index inputs give. The positions are
// computed and checked first, when the kernel is bound if the indices are constant, then the runs
// are copied.
#include "ops/gather.h"

#include "ops/cpu/copy.h"
#include "ops/gather_nd.h"
#include "ops/index_tuples.h"

namespace engine::cpu {
namespace {

/// y[o, k] = the run of data[o] at position k, for o in [0, outer), k in [0, count).
struct GatherForm {
  Index outer = 1, count = 0;
  Index outer_bytes = 0, run_bytes = 0;  ///< of data[o], and of a run
};

void gather_runs(const GatherForm& form, const Index* positions, const void* data, void* out,
                 Index first, Index last) noexcept {
  auto* to = static_cast<std::byte*>(out) + first * form.count * form.run_bytes;
  with_copy(form.run_bytes, [&](const auto& copy) {
    for (Index o = first; o < last; ++o) {
      const auto* from = static_cast<const std::byte*>(data) + o * form.outer_bytes;
      for (Index k = 0; k < form.count; ++k, to += form.run_bytes) copy(from + positions[k], to);
    }
  });
}

/// Common to both: `Positions` computes the positions in bytes from indices.
template <class Positions>
class GatherKernel final : public Kernel {
 public:
  GatherKernel(const char* name, const GatherForm& form, Positions positions,
               const ops::Input& indices)
      : name_(name), form_(form), positions_(std::move(positions)) {
    if (!indices.data) return;
    constant_.resize(static_cast<std::size_t>(form.count));
    fault_ = positions_(indices.data, constant_.data());
  }

  Fault run(const Call& call) const noexcept override {
    const Index* positions = constant_.data();
    if (constant_.empty()) {
      auto* computed = reinterpret_cast<Index*>(call.scratch);
      if (const Fault fault = positions_(call.in[1], computed); !fault.ok()) return fault;
      positions = computed;
    } else if (!fault_.ok()) {
      return fault_;
    }
    constexpr Index kBytesPerTask = 1 << 16;  // below, handing over costs more than it saves
    const Index grain =
        std::max<Index>(1, kBytesPerTask / std::max<Index>(1, form_.count * form_.run_bytes));
    call.pool.ranges(form_.outer, grain, [&](Index first, Index last) {
      gather_runs(form_, positions, call.in[0], call.out[0], first, last);
    });
    return ops::kNoFault;
  }
  std::size_t scratch_bytes(int) const noexcept override {
    return constant_.empty() ? static_cast<std::size_t>(form_.count) * sizeof(Index) : 0;
  }
  std::string name() const override { return name_; }

 private:
  const char* name_;
  GatherForm form_;
  Positions positions_;
  std::vector<Index> constant_;  ///< empty: computed by each run
  Fault fault_;
};

/// Positions of Gather: index times the bytes of a run.
struct AxisPositions {
  DType dtype;
  Index count, extent, run_bytes;

  Fault operator()(const void* indices, Index* positions) const noexcept {
    if (dtype == DType::kInt32) return read(static_cast<const std::int32_t*>(indices), positions);
    return read(static_cast<const std::int64_t*>(indices), positions);
  }
  template <class T>
  Fault read(const T* indices, Index* positions) const noexcept {
    for (Index k = 0; k < count; ++k) {
      const Index i = ops::wrap_index(indices[k], extent);
      if (i < 0) return ops::out_of_range(indices[k], extent);
      positions[k] = i * run_bytes;
    }
    return ops::kNoFault;
  }
};

/// Positions of GatherND: tuples of indices, those of batch b in data[b].
struct TuplePositions {
  Shape indices, data;
  Index batch_dims, rows;         ///< rows: tuples of a batch
  Index block_bytes, item_bytes;  ///< of data[b], of an element

  Fault operator()(const void* values, Index* positions) const noexcept {
    const ops::IndexTuples tuples({DType::kInt64, &indices, values}, data, batch_dims);
    const Index count = product(indices, 0, std::ssize(indices) - 1);
    Fault fault;
    Index batch = 0, left = rows;
    for (Index k = 0; k < count; ++k) {
      const Index offset = tuples.offset(k, fault);
      if (offset < 0) return fault;
      positions[k] = batch + offset * item_bytes;
      if (--left == 0) batch += block_bytes, left = rows;
    }
    return ops::kNoFault;
  }
};

}  // namespace

std::unique_ptr<Kernel> bind_gather(const Binding& binding, Isa) {
  const ops::Input &data = binding.in[0], &indices = binding.in[1];
  if (data.dtype == DType::kString) return nullptr;
  const Index axis = static_cast<const ops::Gather&>(binding.op).axis;
  const AxisView x = split_at(data.shape(), normalize_axis(axis, data.rank()));
  const Index run = x.inner * static_cast<Index>(size_of(data.dtype));
  const GatherForm form{x.outer, indices.size(), x.n * run, run};
  return std::make_unique<GatherKernel<AxisPositions>>(
      "gather", form, AxisPositions{indices.dtype, indices.size(), x.n, run}, indices);
}

std::unique_ptr<Kernel> bind_gather_nd(const Binding& binding, Isa) {
  const ops::Input &data = binding.in[0], &indices = binding.in[1];
  constexpr std::size_t kMostAxes = 8;  // more would take memory when they run
  if (data.dtype == DType::kString || data.shape().size() > kMostAxes) return nullptr;
  const Index b = static_cast<const ops::GatherND&>(binding.op).batch_dims;
  if (product(data.shape(), 0, b) != product(indices.shape(), 0, b)) return nullptr;
  const Index bytes = static_cast<Index>(size_of(data.dtype));
  const Index depth = indices.shape().back();
  const GatherForm form{1, product(indices.shape(), 0, indices.rank() - 1), 0,
                        product(data.shape(), b + depth, data.rank()) * bytes};
  const TuplePositions positions{indices.shape(),
                                 data.shape(),
                                 b,
                                 product(indices.shape(), b, indices.rank() - 1),
                                 product(data.shape(), b, data.rank()) * bytes,
                                 bytes};
  return std::make_unique<GatherKernel<TuplePositions>>("gather_nd", form, positions, indices);
}

}  // namespace engine::cpu
