#include "ops/slice.h"

#include "ops/attributes.h"
#include "ops/broadcast_loop.h"
#include "ops/moving.h"

#include <limits>

namespace engine::ops {
namespace {

// The result's extent along an axis of which nothing but a symbol may be known.
Dim sliced(const Dim& dim, Index start, Index end, Index step) {
  if (dim.known()) return Dim(slice_range(start, end, step, dim.value()).count);
  constexpr Index kToTheEnd = std::numeric_limits<std::int32_t>::max();  // as exporters write it
  const bool whole = (step == 1 && start == 0 && end >= kToTheEnd) ||
                     (step == -1 && start == -1 && end <= -kToTheEnd);
  return whole ? dim : Dim::unknown();
}

using List = std::optional<std::vector<Index>>;

// What of the four lists is known. All known lists have `length` elements, if that is not -1.
struct Lists {
  List starts, ends, axes, steps;
  Index length = -1;

  explicit Lists(const Operands& in) {
    starts = read(in, 1, "starts");
    ends = read(in, 2, "ends");
    axes = read(in, 3, "axes");
    steps = read(in, 4, "steps");
    if (length < 0) return;
    const auto n = static_cast<std::size_t>(length);
    if (!in.has(4)) steps.emplace(n, 1);
    if (!in.has(3)) {
      axes.emplace(n);
      for (std::size_t i = 0; i < n; ++i) (*axes)[i] = static_cast<Index>(i);
    }
    if (!steps) return;
    for (std::size_t i = 0; i < n; ++i)
      ENGINE_VALIDATE((*steps)[i] != 0, "steps[", i, "] is 0 (must not be)");
  }

 private:
  List read(const Operands& in, Index i, const char* name) {
    if (!in.has(i)) {
      ENGINE_VALIDATE(i > 2, name, " is missing");
      return std::nullopt;
    }
    require_index_type(in, i, name);
    require_rank(in, i, name, 1);
    List list = in.integers(i);
    const auto count =
        list ? static_cast<Index>(list->size()) : list_length(in, i, name).value_or(-1);
    if (count < 0) return list;
    ENGINE_VALIDATE(length < 0 || length == count, name, " has ", count,
                    " elements, starts or ends has ", length);
    length = count;
    return list;
  }
};

}  // namespace

SliceRange slice_range(Index start, Index end, Index step, Index n) noexcept {
  if (start < 0) start += n;
  if (end < 0) end += n;
  if (step > 0) {
    start = std::clamp<Index>(start, 0, n);
    end = std::clamp<Index>(end, 0, n);
    return {start, step, end > start ? (end - start - 1) / step + 1 : 0};
  }
  start = std::clamp<Index>(start, -1, n - 1);
  end = std::clamp<Index>(end, -1, n - 1);
  if (start <= end) return {0, step, 0};
  const std::uint64_t stride = 0 - static_cast<std::uint64_t>(step);
  const std::uint64_t span = static_cast<std::uint64_t>(start - end);
  return {start, step, static_cast<Index>((span - 1) / stride) + 1};
}

std::vector<TensorType> Slice::infer(const Operands& in, Index) const {
  const Lists lists(in);
  const TensorType& data = in.type(0);
  if (!data.ranked) return {data};
  if (!lists.axes) return {unknown_extents(data.dtype, data.rank())};
  TensorType out = data;
  const std::vector<Index> axes = normalize_axes(*lists.axes, data.rank());
  for (std::size_t i = 0; i < axes.size(); ++i) {
    Dim& dim = out.dims[static_cast<std::size_t>(axes[i])];
    if (lists.starts && lists.ends && lists.steps)
      dim = sliced(dim, (*lists.starts)[i], (*lists.ends)[i], (*lists.steps)[i]);
    else dim = Dim::unknown();
  }
  return {std::move(out)};
}

std::optional<Dims> Slice::infer_extents(const Operands& in) const {
  const auto list = list_extents(in, 0);
  if (!list || in.type(0).rank() != 1) return std::nullopt;
  const Lists lists(in);
  if (lists.length == 0) return list;
  if (lists.length != 1 || !lists.starts || !lists.ends || !lists.steps) return std::nullopt;
  const SliceRange range = slice_range((*lists.starts)[0], (*lists.ends)[0], (*lists.steps)[0],
                                       static_cast<Index>(list->size()));
  Dims taken;
  for (Index i = 0; i < range.count; ++i)
    taken.push_back((*list)[static_cast<std::size_t>(range.first + i * range.step)]);
  return taken;
}

Fault Slice::ranges(Inputs in, const Shape& out, Ranges& ranges) {
  const Input& data = in[0];
  const Input none;
  const Input& given_axes = in.size() > 3 ? in[3] : none;
  const Input& steps = in.size() > 4 ? in[4] : none;
  for (const Index n : data.shape()) ranges.push_back({0, 1, n});
  for (Index i = 0; i < in[1].size(); ++i) {
    const Index axis = wrap_index(given_axes ? index_at(given_axes, i) : i, data.rank());
    const Index step = steps ? index_at(steps, i) : 1;
    if (axis < 0 || step == 0) return bad_shape(axis, step);
    const auto a = static_cast<std::size_t>(axis);
    ranges[a] = slice_range(index_at(in[1], i), index_at(in[2], i), step, data.shape()[a]);
  }
  for (std::size_t i = 0; i < ranges.size(); ++i)
    if (ranges[i].count != out[i]) return bad_shape(ranges[i].count, out[i]);
  return kNoFault;
}

Fault Slice::move(Inputs in, Outputs out) const {
  const Input& data = in[0];
  Ranges ranges;
  if (const Fault fault = Slice::ranges(in, out[0].shape(), ranges); !fault.ok()) return fault;
  const Small<Index> strides = loop_strides(data.shape());
  LoopAxes<1> axes(ranges.size());
  Index start = 0;
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    const SliceRange& range = ranges[i];
    if (range.count == 0) return kNoFault;
    start += range.first * strides[i];
    axes[i] = {range.count, {range.count > 1 ? range.step * strides[i] : 0}};
  }
  dispatch_move(data.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T* x = elements<T>(data);
    T* y = elements<T>(out[0]);
    strided_loop(merge_axes(axes), {start},
                 [=](Index to, const auto& from, Index count, const auto& stride) {
                   if (stride[0] == 1) return copy_run(x + from[0], count, y + to);
                   for (Index i = 0; i < count; ++i) y[to + i] = x[from[0] + i * stride[0]];
                 });
  });
  return kNoFault;
}

OperatorPtr make_Slice(const Attributes&) { return std::make_shared<Slice>(); }

}  // namespace engine::ops
