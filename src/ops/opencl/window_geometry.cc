#include "ops/opencl/window_geometry.h"

#include <limits>

namespace engine::opencl {

bool fits_ints(const ops::Windows& w) {
  constexpr Index kMostTaps = Index{1} << 16;
  constexpr auto kMost = static_cast<double>(std::numeric_limits<cl_int>::max());
  const auto real = [](Index n) { return static_cast<double>(n); };
  double taps = 1;
  for (std::size_t i = 0; i < w.input.size(); ++i) {
    taps *= real(w.kernel[i]);
    const double reach = real(std::max(w.input[i], w.output[i])) * real(w.strides[i]) +
                         real(w.kernel[i]) * real(w.dilations[i]) + real(w.pads_begin[i]) +
                         real(w.pads_end[i]);
    if (reach > kMost) return false;
  }
  return w.input.size() <= 3 && taps <= real(kMostTaps);
}

void put_window_axes(const Shape& values, std::size_t at, cl_int lone, Ints& to) {
  const std::size_t missing = 3 - values.size();
  for (std::size_t i = 0; i < 3; ++i) to[at + i] = i < missing ? lone : to_int(values[i - missing]);
}

WindowGeometry::WindowGeometry(const ops::Windows& w) {
  put_window_axes(w.input, 0, 1, size);
  put_window_axes(w.output, 3, 1, size);
  put_window_axes(w.kernel, 0, 1, window);
  put_window_axes(w.strides, 3, 1, window);
  put_window_axes(w.dilations, 0, 1, steps);
  put_window_axes(w.pads_begin, 3, 0, steps);
}

void WindowGeometry::set_channels(Index in, Index out, Index group) {
  size[6] = to_int(in / group);
  size[7] = to_int(out / group);
  window[6] = to_int(in);
  window[7] = to_int(out);
}

}  // namespace engine::opencl
