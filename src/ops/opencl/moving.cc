#include "ops/opencl/moving.h"

#include "ops/copy_walks.h"
#include "ops/opencl/grid.h"
#include "ops/opencl/number_kernels.h"

namespace engine::opencl {

Ints geometry(const ops::BlockedView& v) {
  return {to_int(v.channels), to_int(v.height),  to_int(v.width),   to_int(v.block),
          to_int(v.row()),    to_int(v.plane()), to_int(v.image()), to_int(v.offset(0, 0, 0, 0))};
}

namespace {

// Replaces operands by scratch memory.
class Substitution {
 public:
  void replace_in(std::size_t i, Scratch by) { in_.emplace_back(i, by); }
  void replace_out(Scratch by) { out_ = by; }

  void apply(Launch& launch) const {
    for (Argument& argument : launch.arguments) {
      if (const auto* in = std::get_if<In>(&argument)) {
        for (const auto& [i, by] : in_)
          if (in->index == i) {
            argument = by;
            break;
          }
      } else if (std::get_if<Out>(&argument) && out_) {
        argument = *out_;
      }
    }
  }

 private:
  std::vector<std::pair<std::size_t, Scratch>> in_;
  std::optional<Scratch> out_;
};

// The launches of a reorder between operands of a node or scratch memory.
void add_reorder(const Device& device, const ops::Input& from, const ops::Output& to,
                 Argument source, Argument target, std::vector<Launch>& launches) {
  for (Launch& launch : reorder_parts(device, from, to).launches) {
    for (Argument& argument : launch.arguments) {
      if (std::get_if<In>(&argument)) argument = source;
      else if (std::get_if<Out>(&argument)) argument = target;
    }
    launches.push_back(std::move(launch));
  }
}

}  // namespace

DeviceKernel::Parts adapt_to_plain(const Device& device, const Binding& binding,
                                   const ops::LayoutOffer& offer,
                                   std::optional<DeviceKernel::Parts> (*bind)(const Device&,
                                                                              const Binding&)) {
  std::vector<ops::Input> in(binding.in.begin(), binding.in.end());
  std::vector<ops::Output> out(binding.out.begin(), binding.out.end());
  for (std::size_t i = 0; i < in.size(); ++i)
    if (ops::has_input(offer.inputs, i))
      in[i].layout = {true, i == 0 ? offer.border : ops::Border{}};
  out[0].layout.blocked = offer.output;
  Binding blocked = binding;
  blocked.in = in;
  blocked.out = out;
  DeviceKernel::Parts inner = bind(device, blocked).value();

  DeviceKernel::Parts parts{inner.name, {}};
  parts.tunable = std::move(inner.tunable);
  parts.tables = std::move(inner.tables);
  parts.scratch = inner.scratch;
  Substitution substitution;
  for (std::size_t i = 0; i < in.size(); ++i) {
    if (!in[i].layout.blocked) continue;
    const Scratch memory = take_scratch(device, operand_bytes(in[i]), parts.scratch);
    add_reorder(device, binding.in[i], {in[i].dtype, in[i].extents, nullptr, in[i].layout}, In{i},
                memory, parts.launches);
    substitution.replace_in(i, memory);
  }
  const Scratch result = take_scratch(device, operand_bytes(out[0]), parts.scratch);
  if (offer.output) substitution.replace_out(result);
  for (Launch& launch : inner.launches) {
    substitution.apply(launch);
    parts.launches.push_back(std::move(launch));
  }
  if (offer.output)
    add_reorder(device, {out[0].dtype, out[0].extents, nullptr, out[0].layout}, binding.out[0],
                result, Out{0}, parts.launches);
  return parts;
}

namespace {

constexpr std::size_t kMostAxes = 8;

// The walk of a copy as launches; nothing if it has too many axes, or an element size that no
// kernel has.
std::optional<Launch> move_launch(const Device& device, const ops::LoopAxes<2>& all, DType dtype,
                                  Index from_start, Index to_start, In from, Out to) {
  const ops::LoopAxes<2> axes = ops::merge_axes(all);
  const char* kernel = kernel_of_size(dtype, ENGINE_SIZES("move"));
  if (!kernel || axes.size() > kMostAxes) return std::nullopt;
  Ints extents, from_steps{}, to_steps{};
  extents.fill(1);
  Index rows = 1;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const std::size_t at = kMostAxes - axes.size() + i;
    extents[at] = to_int(axes[i].extent);
    from_steps[at] = to_int(axes[i].strides[0]);
    to_steps[at] = to_int(axes[i].strides[1]);
    if (i + 1 < axes.size()) rows *= axes[i].extent;
  }
  constexpr Index kElementsEach = 2048;
  const Index each =
      device.facts().is_cpu()
          ? std::max<Index>(1, kElementsEach / std::max<Index>(1, axes.back().extent))
          : 1;
  Launch launch{"moving",
                kernel,
                {from, to, extents, from_steps, to_steps, to_int(from_start), to_int(to_start),
                 to_int(rows), to_int(each)}};
  set_grid(device, axes.back().extent == 0 ? 0 : (rows + each - 1) / each, 1, launch);
  return launch;
}

// The copies of a node, all of which must have a kernel.
std::optional<DeviceKernel::Parts> bind_walks(const Device& device, const char* name,
                                              const Binding& binding,
                                              const std::optional<ops::CopyWalks>& walks) {
  if (!walks) return std::nullopt;
  DeviceKernel::Parts parts{name, {}};
  for (const ops::CopyWalk& walk : *walks) {
    auto launch = move_launch(device, walk.axes, binding.in[0].dtype, walk.from_start,
                              walk.to_start, In{walk.in}, Out{walk.out});
    if (!launch) return std::nullopt;
    parts.launches.push_back(std::move(*launch));
  }
  return parts;
}

}  // namespace

std::optional<DeviceKernel::Parts> bind_concat(const Device& device, const Binding& binding) {
  return bind_walks(device, "concat", binding, ops::concat_walks(binding));
}
std::optional<DeviceKernel::Parts> bind_split(const Device& device, const Binding& binding) {
  return bind_walks(device, "split", binding, ops::split_walks(binding));
}
std::optional<DeviceKernel::Parts> bind_slice(const Device& device, const Binding& binding) {
  return bind_walks(device, "slice", binding, ops::slice_walks(binding));
}
std::optional<DeviceKernel::Parts> bind_expand(const Device& device, const Binding& binding) {
  return bind_walks(device, "expand", binding, ops::expand_walks(binding));
}
std::optional<DeviceKernel::Parts> bind_tile(const Device& device, const Binding& binding) {
  return bind_walks(device, "tile", binding, ops::tile_walks(binding));
}

std::optional<DeviceKernel::Parts> bind_transpose(const Device& device, const Binding& binding) {
  return bind_walks(device, "transpose", binding, ops::transpose_walks(binding));
}
std::optional<DeviceKernel::Parts> bind_blocks(const Device& device, const Binding& binding) {
  return bind_walks(device, "transpose", binding, ops::block_walks(binding));
}

DeviceKernel::Parts reorder_parts(const Device& device, const ops::Input& from,
                                  const ops::Output& to) {
  const bool blocks = to.layout.blocked;
  const ops::BlockedView view(from.shape(), blocks ? to.layout : from.layout);
  Launch launch{"moving", blocks ? "to_blocked" : "to_plain", {In{0}, Out{0}, geometry(view)}};
  set_grid(device, view.batch * view.height, view.blocks, launch);
  DeviceKernel::Parts parts{blocks ? "to_blocked" : "to_plain", {}};
  if (blocks) add_border_launch(device, view, Out{0}, parts.launches);
  parts.launches.push_back(std::move(launch));
  return parts;
}

DeviceKernel::Parts copy_parts(const Device& device, std::size_t bytes) {
  const auto words = static_cast<Index>((bytes + 3) / 4);
  const auto lanes = static_cast<Index>(device.lane_items());
  const Index each = device.facts().is_cpu() ? 4096 : 1;
  Launch launch{"moving", "copy_words", {In{0}, Out{0}, to_int(words), to_int(each)}};
  set_grid(device, (words + each * lanes - 1) / (each * lanes), 1, launch);
  return {"copy", {std::move(launch)}};
}

void add_border_launch(const Device& device, const ops::BlockedView& view, Argument tensor,
                       std::vector<Launch>& launches) {
  if (view.border == ops::Border{}) return;
  Launch launch{"moving",
                "clear_border",
                {tensor, geometry(view), to_int(view.border.left * view.block),
                 to_int(view.border.right * view.block)}};
  set_grid(device, view.blocks, view.batch, launch);
  launches.push_back(std::move(launch));
}

}  // namespace engine::opencl
