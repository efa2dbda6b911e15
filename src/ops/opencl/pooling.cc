#include "ops/opencl/grid.h"
#include "ops/opencl/moving.h"
#include "ops/opencl/window_geometry.h"
#include "ops/opencl/windows.h"
#include "ops/pooling.h"

namespace engine::opencl {
namespace {

bool can_block(const Binding& binding) {
  return binding.in[0].dtype == DType::kFloat32 && ops::can_block(binding.in[0].shape()) &&
         ops::can_block(binding.out[0].shape());
}

const ops::Spatial& spatial_of(const Binding& binding) {
  if (const auto* pool = dynamic_cast<const ops::MaxPool*>(&binding.op)) return pool->spatial;
  return static_cast<const ops::AveragePool&>(binding.op).spatial;
}

// Entry `axis` of a list over one or two spatial axes, where a lone axis is that of the columns.
Index entry(const Shape& list, std::size_t axis, Index lone) {
  if (list.size() == 2) return list[axis];
  return axis == 1 ? list[0] : lone;
}

}  // namespace

ops::LayoutOffer offer_pooling(const Binding& binding) {
  if (!can_block(binding) || (binding.out.size() > 1 && binding.out[1])) return {};
  const ops::Spatial& spatial = spatial_of(binding);
  if (!fits_ints(spatial.windows(ops::spatial_part(binding.in[0].shape()), spatial.kernel)))
    return {};
  return {.inputs = 1, .output = true};
}

ops::LayoutOffer offer_global_pool(const Binding& binding) {
  return can_block(binding) ? ops::LayoutOffer{.inputs = 1} : ops::LayoutOffer{};
}

std::optional<DeviceKernel::Parts> bind_pooling(const Device& device, const Binding& binding) {
  const ops::LayoutOffer offer = offer_pooling(binding);
  if (!offer.inputs) return pool_any_parts(device, binding);
  if (!binding.in[0].layout.blocked) return adapt_to_plain(device, binding, offer, bind_pooling);
  const ops::BlockedView x(binding.in[0].shape(), binding.in[0].layout);
  const ops::BlockedView y(binding.out[0].shape(), binding.out[0].layout);
  const ops::Spatial& spatial = spatial_of(binding);
  const ops::Windows w = spatial.windows(ops::spatial_part(binding.in[0].shape()), spatial.kernel);
  const auto both = [&](const Shape& list, Index lone) {
    return std::pair(to_int(entry(list, 0, lone)), to_int(entry(list, 1, lone)));
  };
  const auto [rows, columns] = both(w.kernel, 1);
  const auto [down, across] = both(w.strides, 1);
  const auto [tap_down, tap_across] = both(w.dilations, 1);
  const auto [top, left] = both(w.pads_begin, 0);
  const auto [bottom, right] = both(w.pads_end, 0);
  const auto* average = dynamic_cast<const ops::AveragePool*>(&binding.op);
  const bool pads = average && average->count_include_pad;
  const Ints counted = {pads ? -top : 0, to_int(x.height) + (pads ? bottom : 0), pads ? -left : 0,
                        to_int(x.width) + (pads ? right : 0)};
  const char* name = average ? "average_pool" : "max_pool";
  Launch launch{"pooling",
                name,
                {In{0}, Out{0}, geometry(x), geometry(y),
                 Ints{rows, columns, down, across, tap_down, tap_across, top, left}, counted}};
  set_grid(device, y.batch * y.height, y.blocks, launch);
  DeviceKernel::Parts parts{name, {std::move(launch)}};
  add_border_launch(device, y, Out{0}, parts.launches);
  return parts;
}

std::optional<DeviceKernel::Parts> bind_global_pool(const Device& device, const Binding& binding) {
  const ops::LayoutOffer offer = offer_global_pool(binding);
  if (!offer.inputs) return std::nullopt;
  if (!binding.in[0].layout.blocked)
    return adapt_to_plain(device, binding, offer, bind_global_pool);
  const ops::BlockedView x(binding.in[0].shape(), binding.in[0].layout);
  const char* name =
      static_cast<const ops::GlobalPool&>(binding.op).max ? "global_max" : "global_average";
  Launch launch{"pooling", name, {In{0}, Out{0}, geometry(x)}};
  set_grid(device, x.batch, x.blocks, launch);
  return DeviceKernel::Parts{name, {std::move(launch)}};
}

}  // namespace engine::opencl
