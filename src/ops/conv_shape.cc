#include "ops/conv_shape.h"

#include <algorithm>

namespace engine::ops {

Dims conv_output(const Spatial& spatial, Index group, const TensorType& x, const TensorType& w) {
  if (!x.ranked) return {};
  const Dims input = spatial_part(x.dims);
  spatial.check_rank(static_cast<Index>(input.size()));
  Dims out(x.dims.size());
  out[0] = x.dims[0];
  if (!w.ranked) return out;
  ENGINE_VALIDATE(w.rank() == x.rank(), "W has rank ", w.rank(), ", X has rank ", x.rank(),
                  " (both must be the same)");
  const Dim &channels = x.dims[1], &filters = w.dims[0], &per_group = w.dims[1];
  if (channels.known() && per_group.known()) {
    Index needed;
    ENGINE_VALIDATE(
        !__builtin_mul_overflow(per_group.value(), group, &needed) && needed == channels.value(),
        "X has ", channels.value(), " channels, W ", per_group.value(), " per group (of ", group,
        " groups)");
  }
  ENGINE_VALIDATE(!filters.known() || filters.value() % group == 0, "W has ", filters.value(),
                  " filters (must be divisible by group ", group, ")");
  out[1] = filters;
  const Dims windows = spatial.output(input, spatial.kernel_of(w.dims));
  std::copy(windows.begin(), windows.end(), out.begin() + 2);
  return out;
}

void check_one_element(const TensorType& parameter, const char* name) {
  check_per_filter(parameter, name, Dim(1));
}

void check_per_filter(const TensorType& parameter, const char* name, const Dim& filters) {
  if (!parameter.ranked) return;
  ENGINE_VALIDATE(parameter.rank() <= 1, name, " has rank ", parameter.rank(), " (0 or 1 needed)");
  if (parameter.rank() == 0 || !parameter.dims[0].known() || !filters.known()) return;
  const Index count = parameter.dims[0].value();
  ENGINE_VALIDATE(count == 1 || count == filters.value(), name, " has ", count, " values, ",
                  filters.value() == 1 ? "" : "1 or ", filters.value(), " needed");
}

Index parse_group(const Attributes& attributes) {
  const Index group = attributes.integer("group", 1);
  ENGINE_VALIDATE(group >= 1, "group is ", group, " (must be positive)");
  return group;
}

}  // namespace engine::ops
