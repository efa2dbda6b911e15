#include "ops/spatial.h"

#include "base/shape.h"

#include <algorithm>

namespace engine::ops {
namespace {

// With all attributes below this bound, sums and products of two of them stay within 63 bits.
constexpr Index kLargest = (Index{1} << 31) - 1;

Index entry(const std::vector<Index>& list, std::size_t i, Index otherwise) {
  return list.empty() ? otherwise : list[i];
}

Index ceil_divide(Index a, Index b) { return a / b + (a % b != 0); }

// One axis of Windows.
struct Axis {
  Index output = 0, begin = 0, end = 0;
};

Axis resolve(const Spatial& s, std::size_t i, Index input, Index kernel) {
  const Index stride = entry(s.strides, i, 1);
  const Index extent = kernel_extent(kernel, entry(s.dilations, i, 1));
  Axis axis;
  if (s.auto_pad == AutoPad::kSameUpper || s.auto_pad == AutoPad::kSameLower) {
    axis.output = ceil_divide(input, stride);
    if (axis.output == 0) return axis;
    const Index covered = (axis.output - 1) * stride;  // below input, so this cannot overflow
    const Index total = std::max<Index>(0, covered - input + extent);
    const Index half = total / 2;
    axis.begin = s.auto_pad == AutoPad::kSameUpper ? half : total - half;
    axis.end = total - axis.begin;
    return axis;
  }
  if (s.auto_pad == AutoPad::kNotSet) {
    axis.begin = entry(s.pads_begin, i, 0);
    axis.end = entry(s.pads_end, i, 0);
  }
  Index padded;
  ENGINE_VALIDATE(!__builtin_add_overflow(input, axis.begin + axis.end, &padded), "extent ", input,
                  " of spatial axis ", i, " overflows when padded");
  ENGINE_VALIDATE(extent <= padded, "kernel extent ", extent, " exceeds the padded input ", padded,
                  " (spatial axis ", i, ", ", input, " without padding)");
  const bool ceil = s.ceil_mode && s.auto_pad != AutoPad::kValid;
  axis.output = (ceil ? ceil_divide(padded - extent, stride) : (padded - extent) / stride) + 1;
  // A window must not start in the padding behind the input.
  if (ceil && (axis.output - 1) * stride >= input + axis.begin) --axis.output;
  return axis;
}

// Whether the output has as many positions as the input, however many those are.
bool keeps_extent(const Spatial& s, std::size_t i, const Dim& kernel) {
  if (entry(s.strides, i, 1) != 1) return false;
  if (s.auto_pad == AutoPad::kSameUpper || s.auto_pad == AutoPad::kSameLower) return true;
  if (!kernel.known()) return false;
  const Index covered = kernel_extent(kernel.value(), entry(s.dilations, i, 1)) - 1;
  const bool padded = s.auto_pad == AutoPad::kNotSet;
  return covered == (padded ? entry(s.pads_begin, i, 0) + entry(s.pads_end, i, 0) : 0);
}

void check_length(const std::vector<Index>& list, const char* name, Index needed) {
  const Index size = static_cast<Index>(list.size());
  ENGINE_VALIDATE(size == 0 || size == needed, name, " has ", size, " values, ", needed,
                  " needed (one per spatial axis)");
}

void describe_list(std::string& text, const char* name, const std::vector<Index>& list,
                   Index usual) {
  if (std::ranges::all_of(list, [&](Index value) { return value == usual; })) return;
  text += (text.empty() ? "" : " ") + std::string(name) + "=" + to_string(list);
}

}  // namespace

Index Windows::input_size() const noexcept { return product(input, 0, rank()); }
Index Windows::kernel_size() const noexcept { return product(kernel, 0, rank()); }
Index Windows::output_size() const noexcept { return product(output, 0, rank()); }

void check_each(const std::vector<Index>& values, const char* name, Index low, const char* rule) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    ENGINE_VALIDATE(values[i] >= low, name, "[", i, "] is ", values[i], " (", rule, ")");
    ENGINE_VALIDATE(values[i] <= kLargest, name, "[", i, "] is ", values[i], " (at most ", kLargest,
                    " is supported)");
  }
}

AutoPad parse_auto_pad(const Attributes& attributes) {
  const std::string text = attributes.text("auto_pad", "NOTSET");
  if (text == "NOTSET" || text.empty()) return AutoPad::kNotSet;
  if (text == "SAME_UPPER") return AutoPad::kSameUpper;
  if (text == "SAME_LOWER") return AutoPad::kSameLower;
  ENGINE_VALIDATE(text == "VALID", "auto_pad is '", text,
                  "' (NOTSET, SAME_UPPER, SAME_LOWER or VALID needed)");
  return AutoPad::kValid;
}

Index kernel_extent(Index kernel, Index dilation) { return (kernel - 1) * dilation + 1; }

Spatial Spatial::parse(const Attributes& attributes, bool needs_kernel) {
  Spatial s;
  s.auto_pad = parse_auto_pad(attributes);
  s.ceil_mode = attributes.flag("ceil_mode", false);
  s.kernel = needs_kernel ? attributes.integers("kernel_shape")
                          : attributes.integers("kernel_shape", std::vector<Index>{});
  s.strides = attributes.integers("strides", std::vector<Index>{});
  s.dilations = attributes.integers("dilations", std::vector<Index>{});
  const auto pads = attributes.integers("pads", std::vector<Index>{});
  check_each(s.kernel, "kernel_shape", 1, "must be positive");
  check_each(s.strides, "strides", 1, "must be positive");
  check_each(s.dilations, "dilations", 1, "must be positive");
  check_each(pads, "pads", 0, "must not be negative");
  ENGINE_VALIDATE(!needs_kernel || !s.kernel.empty(), "kernel_shape is empty");

  const std::size_t rank = std::max({s.kernel.size(), s.strides.size(), s.dilations.size()});
  ENGINE_VALIDATE(rank == 0 ? pads.size() % 2 == 0 : pads.empty() || pads.size() == 2 * rank,
                  "pads has ", pads.size(), " values, ", rank ? 2 * rank : pads.size() + 1,
                  " needed (a begin and an end per spatial axis)");
  const auto middle = pads.begin() + static_cast<std::ptrdiff_t>(pads.size() / 2);
  s.pads_begin.assign(pads.begin(), middle);
  s.pads_end.assign(middle, pads.end());
  s.check_rank(static_cast<Index>(std::max(rank, s.pads_begin.size())));
  return s;
}

void Spatial::check_rank(Index spatial_rank) const {
  check_length(kernel, "kernel_shape", spatial_rank);
  check_length(strides, "strides", spatial_rank);
  check_length(dilations, "dilations", spatial_rank);
  ENGINE_VALIDATE(pads_begin.empty() || static_cast<Index>(pads_begin.size()) == spatial_rank,
                  "pads has ", 2 * pads_begin.size(), " values, ", 2 * spatial_rank,
                  " needed (a begin and an end per spatial axis)");
}

Dims Spatial::kernel_of(const Dims& weights) const {
  Dims extents = spatial_part(weights);
  check_rank(static_cast<Index>(extents.size()));
  for (std::size_t i = 0; i < extents.size(); ++i) {
    Dim& extent = extents[i];
    if (!kernel.empty()) {
      ENGINE_VALIDATE(!extent.known() || extent.value() == kernel[i], "kernel_shape is ",
                      to_string(kernel), ", the weights are ", to_string(weights));
      extent = kernel[i];
    }
    ENGINE_VALIDATE(!extent.known() || extent.value() >= 1, "the weights are ", to_string(weights),
                    " (kernel extents must be positive)");
    ENGINE_VALIDATE(!extent.known() || extent.value() <= kLargest, "the weights are ",
                    to_string(weights), " (kernel extents of at most ", kLargest,
                    " are supported)");
  }
  return extents;
}

Dims Spatial::output(const Dims& input, const Dims& kernel_extents) const {
  check_rank(static_cast<Index>(input.size()));
  ENGINE_VALIDATE(input.size() == kernel_extents.size(), "the kernel has ", kernel_extents.size(),
                  " spatial axes, the input ", input.size());
  Dims out(input.size());
  for (std::size_t i = 0; i < input.size(); ++i) {
    if (input[i].known() && kernel_extents[i].known())
      out[i] = resolve(*this, i, input[i].value(), kernel_extents[i].value()).output;
    else if (keeps_extent(*this, i, kernel_extents[i])) out[i] = input[i];
  }
  return out;
}

Windows Spatial::windows(const Shape& input, const Shape& kernel_extents) const {
  check_rank(static_cast<Index>(input.size()));
  ENGINE_VALIDATE(input.size() == kernel_extents.size(), "the kernel has ", kernel_extents.size(),
                  " spatial axes, the input ", input.size());
  Windows w{.input = input,
            .kernel = kernel_extents,
            .strides = {},
            .dilations = {},
            .pads_begin = {},
            .pads_end = {},
            .output = {}};
  for (std::size_t i = 0; i < input.size(); ++i) {
    const Axis axis = resolve(*this, i, input[i], kernel_extents[i]);
    w.strides.push_back(entry(strides, i, 1));
    w.dilations.push_back(entry(dilations, i, 1));
    w.pads_begin.push_back(axis.begin);
    w.pads_end.push_back(axis.end);
    w.output.push_back(axis.output);
  }
  return w;
}

std::string Spatial::describe() const {
  std::string text;
  describe_list(text, "kernel_shape", kernel, 0);
  describe_list(text, "strides", strides, 1);
  describe_list(text, "dilations", dilations, 1);
  std::vector<Index> pads = pads_begin;
  pads.insert(pads.end(), pads_end.begin(), pads_end.end());
  describe_list(text, "pads", pads, 0);
  constexpr const char* kNames[] = {"NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"};
  if (auto_pad != AutoPad::kNotSet)
    text += (text.empty() ? "" : " ") + std::string("auto_pad=") +
            kNames[static_cast<std::size_t>(auto_pad)];
  if (ceil_mode) text += (text.empty() ? "" : " ") + std::string("ceil_mode=1");
  return text;
}

Taps::Taps(const Windows& windows)
    : windows_(windows),
      input_strides_(strides_of(windows.input)),
      kernel_strides_(strides_of(windows.kernel)),
      tap_(windows.input.size()),
      counts_(windows.input.size()) {}

bool Taps::locate(const Shape& position) noexcept {
  kernel_offset_ = input_offset_ = 0;
  bool inside = true;
  for (std::size_t i = 0; i < position.size(); ++i) {
    const Index dilation = windows_.dilations[i];
    const Index origin = position[i] * windows_.strides[i] - windows_.pads_begin[i];
    const Index first = origin >= 0 ? 0 : ceil_divide(-origin, dilation);
    const Index behind = windows_.input[i] - origin;  // positions left before the input ends
    const Index last = behind > 0 ? std::min(windows_.kernel[i], ceil_divide(behind, dilation)) : 0;
    counts_[i] = last - first;
    inside = inside && counts_[i] > 0;
    kernel_offset_ += first * kernel_strides_[i];
    input_offset_ += (origin + first * dilation) * input_strides_[i];
  }
  return inside;
}

bool Taps::next() noexcept {
  for (std::size_t i = tap_.size(); i-- > 0;) {
    const Index kernel_step = kernel_strides_[i];
    const Index input_step = windows_.dilations[i] * input_strides_[i];
    if (++tap_[i] < counts_[i]) {
      kernel_offset_ += kernel_step;
      input_offset_ += input_step;
      return true;
    }
    kernel_offset_ -= (counts_[i] - 1) * kernel_step;
    input_offset_ -= (counts_[i] - 1) * input_step;
    tap_[i] = 0;
  }
  return false;
}

Shape spatial_part(const Shape& x) {
  ENGINE_VALIDATE(x.size() >= 2, to_string(x), " has rank ", x.size(), " (at least 2 needed)");
  return Shape(x.begin() + 2, x.end());
}

Dims spatial_part(const Dims& x) {
  ENGINE_VALIDATE(x.size() >= 2, to_string(x), " has rank ", x.size(), " (at least 2 needed)");
  return Dims(x.begin() + 2, x.end());
}

bool next_position(Shape& index, const Shape& extents) noexcept {
  for (std::size_t i = index.size(); i-- > 0;) {
    if (++index[i] < extents[i]) return true;
    index[i] = 0;
  }
  return false;
}

}  // namespace engine::ops
