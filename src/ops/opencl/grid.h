// Grids of vectors, as kernels/common.cl lays them over work-items.
#pragma once

#include "numerics/contract.h"
#include "ops/opencl/kernel.h"

namespace engine::opencl {

inline Index vectors_of(Index elements) {
  return (elements + numerics::kLanes - 1) / numerics::kLanes;
}

/// A grid of `rows` x `planes` units of work that each have a vector's lanes; one unit is a group.
inline void set_grid(const Device& device, Index rows, Index planes, Launch& launch) {
  const std::size_t lanes = device.lane_items();
  launch.items = {lanes, static_cast<std::size_t>(rows), static_cast<std::size_t>(planes)};
  launch.group = {lanes, 1, 1};
}

/// Several short units of dimension 1 as one group, on CPUs, where to begin a group costs as much
/// as such a unit. Few sizes, since drivers compile a kernel for each.
inline void group_units(const Device& device, Launch& launch) {
  if (!device.facts().is_cpu() || device.is_single_item()) return;
  for (const std::size_t together : {8u, 7u, 4u, 2u})
    if (launch.items[1] % together == 0 && together <= device.facts().largest_group) {
      launch.group[1] = together;
      return;
    }
}

/// The grid of a kernel that goes element by element (EACH_ELEMENT in kernels/common.cl): appends
/// how many there are and how many a work-item takes, so many on a CPU.
inline void set_elements(const Device& device, Index elements, Launch& launch,
                         Index each_on_cpu = 1024) {
  const Index each = device.facts().is_cpu() ? each_on_cpu : 1;
  const Index unit = each * static_cast<Index>(device.lane_items());
  launch.arguments.push_back(to_int(elements));
  launch.arguments.push_back(to_int(each));
  set_grid(device, (elements + unit - 1) / unit, 1, launch);
}

/// Vectors that one unit of an element-wise kernel takes: enough that handing it over costs little,
/// few enough that all compute units have some.
inline Index vectors_each(const Device& device, Index vectors) {
  if (!device.facts().is_cpu()) return 1;
  constexpr Index kMost = 256;
  const Index shared = (vectors + device.facts().units - 1) / device.facts().units;
  return std::clamp<Index>(shared, 1, kMost);
}

/// The same for a kernel whose units take whole rows of n elements.
inline Index rows_each(const Device& device, Index n) {
  constexpr Index kElements = 512;
  return device.facts().is_cpu() ? std::max<Index>(1, kElements / std::max<Index>(16, n)) : 1;
}

}  // namespace engine::opencl
