#include "ops/pad.h"

#include "ops/attributes.h"
#include "ops/moving.h"

#include <array>

namespace engine::ops {
namespace {

constexpr std::array kModes = {"constant", "reflect", "edge", "wrap"};

// The input's element at place `i` of the padded axis, or -1 for the constant.
Index source(Pad::Mode mode, const PadRange& range, Index i) noexcept {
  const Index n = range.count;
  i -= range.begin;
  if (i < 0 || i >= n) {
    switch (mode) {
      case Pad::Mode::kConstant: return -1;
      case Pad::Mode::kEdge: i = i < 0 ? 0 : n - 1; break;
      case Pad::Mode::kWrap: i = (i % n + n) % n; break;
      case Pad::Mode::kReflect: {
        const Index period = std::max<Index>(2 * (n - 1), 1);
        i = (i % period + period) % period;
        i = i < n ? i : period - i;
      }
    }
  }
  return range.first + i;
}

// Pads the axes one inside the other. Behind the last one that is padded everything is one row.
template <class T>
class Padder {
 public:
  Padder(Pad::Mode mode, std::vector<PadRange> ranges, const Shape& in, const Shape& out, T fill)
      : mode_(mode), ranges_(std::move(ranges)), fill_(std::move(fill)) {
    std::size_t padded = ranges_.size();
    while (padded > 0 && ranges_[padded - 1].count == in[padded - 1] &&
           in[padded - 1] == out[padded - 1])
      --padded;
    ranges_.resize(padded);
    in_strides_ = strides_of(in);
    out_strides_ = strides_of(out);
    row_ = product(in, static_cast<Index>(padded), static_cast<Index>(in.size()));
  }

  void run(const T* x, T* y) const {
    if (ranges_.empty()) copy_run(x, row_, y);
    else pad(0, x, y);
  }

 private:
  void pad(std::size_t axis, const T* x, T* y) const {
    const PadRange& range = ranges_[axis];
    const Index step = out_strides_[axis];
    const bool last = axis + 1 == ranges_.size();
    for (Index i = 0; i < range.extent; ++i) {
      if (last && i == range.begin) {  // the input itself is one run
        copy_run(x + range.first * row_, range.count * row_, y + i * step);
        i += std::max<Index>(range.count - 1, 0);
        if (range.count > 0) continue;
      }
      const Index from = source(mode_, range, i);
      if (from < 0) std::fill_n(y + i * step, step, fill_);
      else if (last) copy_run(x + from * row_, row_, y + i * step);
      else pad(axis + 1, x + from * in_strides_[axis], y + i * step);
    }
  }

  Pad::Mode mode_;
  std::vector<PadRange> ranges_;
  T fill_;
  Shape in_strides_, out_strides_;
  Index row_ = 1;
};

}  // namespace

std::optional<PadRange> pad_range(Index n, Index before, Index behind) noexcept {
  const Index first = before < 0 ? before : 0, last = behind < 0 ? behind : 0;  // cropped, negated
  Index count, extent;
  if (__builtin_add_overflow(n, first, &count) || __builtin_add_overflow(count, last, &count))
    return std::nullopt;
  if (count < 0 || __builtin_add_overflow(count, std::max<Index>(before, 0), &extent) ||
      __builtin_add_overflow(extent, std::max<Index>(behind, 0), &extent))
    return std::nullopt;
  return PadRange{extent, std::max<Index>(before, 0), count, -first};
}

std::vector<TensorType> Pad::infer(const Operands& in, Index) const {
  require_type(
      in, 1, "pads", [](DType t) { return t == DType::kInt64; }, "int64");
  const TensorType& data = in.type(0);
  if (in.has(2)) {
    require_same_type(in, 0, "data", 2, "constant_value");
    const auto shape = in.type(2).shape();
    ENGINE_VALIDATE(!shape || element_count(*shape) == 1, "constant_value is ",
                    to_string(in.type(2)), " (must be a scalar)");
  }
  if (in.has(3)) require_index_type(in, 3, "axes");
  list_length(in, 1, "pads");
  if (!data.ranked) return {data};
  const auto pads = in.integers(1);
  std::vector<Index> axes(data.dims.size());
  for (std::size_t i = 0; i < axes.size(); ++i) axes[i] = static_cast<Index>(i);
  if (in.has(3)) {
    const auto list = in.integers(3);
    if (!list) return {unknown_extents(data.dtype, data.rank())};
    axes = normalize_axes(*list, data.rank());
  }
  if (!pads) {
    TensorType out = data;
    for (const Index axis : axes) out.dims[static_cast<std::size_t>(axis)] = Dim::unknown();
    return {std::move(out)};
  }
  const std::size_t count = axes.size();
  ENGINE_VALIDATE(pads->size() == 2 * count, "pads has ", pads->size(), " elements, ", 2 * count,
                  " needed (a begin and an end for each of ", count, " axes)");
  TensorType out = data;
  for (std::size_t i = 0; i < count; ++i) {
    const Index before = (*pads)[i], behind = (*pads)[count + i];
    Dim& dim = out.dims[static_cast<std::size_t>(axes[i])];
    if (before == 0 && behind == 0) continue;
    if (!dim.known()) {
      dim = Dim::unknown();
      continue;
    }
    const auto range = pad_range(dim.value(), before, behind);
    ENGINE_VALIDATE(range, "axis ", axes[i], " has extent ", dim.value(), ", pads ", before,
                    " and ", behind, " (they crop more than there is, or overflow 64 bits)");
    ENGINE_VALIDATE(mode == Mode::kConstant || range->count > 0 || range->extent == 0, "axis ",
                    axes[i], " is empty (nothing to pad it with by mode ", describe(), ")");
    dim = Dim(range->extent);
  }
  return {std::move(out)};
}

Fault pad_ranges(Inputs in, std::vector<PadRange>& ranges) {
  const bool has_axes = in.size() > 3 && in[3];
  const Index count = has_axes ? in[3].size() : in[0].rank();
  if (in[1].size() != 2 * count) return bad_shape(in[1].size(), 2 * count);
  ranges.clear();
  for (const Index n : in[0].shape()) ranges.push_back({n, 0, n, 0});
  for (Index i = 0; i < count; ++i) {
    const Index axis = has_axes ? wrap_index(index_at(in[3], i), in[0].rank()) : i;
    if (axis < 0) return bad_shape(axis, in[0].rank());
    PadRange& range = ranges[static_cast<std::size_t>(axis)];
    const auto padded = pad_range(in[0].shape()[static_cast<std::size_t>(axis)], index_at(in[1], i),
                                  index_at(in[1], count + i));
    if (!padded) return bad_shape(range.extent, index_at(in[1], i));
    range = *padded;
  }
  return kNoFault;
}

Fault Pad::move(Inputs in, Outputs out) const {
  const Shape& shape = in[0].shape();
  std::vector<PadRange> ranges;
  if (const Fault fault = pad_ranges(in, ranges); !fault.ok()) return fault;
  for (std::size_t a = 0; a < ranges.size(); ++a) {
    if (ranges[a].extent != out[0].shape()[a])
      return bad_shape(ranges[a].extent, out[0].shape()[a]);
    if (ranges[a].count == 0 && ranges[a].extent > 0 && mode != Mode::kConstant)
      return bad_shape(0, ranges[a].extent);
  }
  if (out[0].size() == 0) return kNoFault;
  const bool has_value = in.size() > 2 && in[2] && in[2].size() == 1;
  dispatch_move(in[0].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T fill = has_value ? *elements<T>(in[2]) : T{};
    Padder<T>(mode, ranges, shape, out[0].shape(), fill)
        .run(elements<T>(in[0]), elements<T>(out[0]));
  });
  return kNoFault;
}

std::string Pad::describe() const { return kModes[static_cast<std::size_t>(mode)]; }

OperatorPtr make_Pad(const Attributes& attributes) {
  auto op = std::make_shared<Pad>();
  const std::string mode = attributes.text("mode", "constant");
  const auto known = std::ranges::find(kModes, mode);
  ENGINE_VALIDATE(known != kModes.end(), "mode is ", mode,
                  " (must be constant, reflect, edge or wrap)");
  op->mode = static_cast<Pad::Mode>(known - kModes.begin());
  return op;
}

}  // namespace engine::ops
