#include "ops/cpu/conv_operands.h"

namespace engine::cpu {

ConvOperands::ConvOperands(const Binding& binding)
    : op(static_cast<const ops::Conv&>(binding.op)),
      x(binding.in[ops::Conv::kX].shape(), binding.in[ops::Conv::kX].layout),
      y(binding.out[0].shape(), binding.out[0].layout),
      has_bias(binding.in.size() > ops::Conv::kBias && binding.in[ops::Conv::kBias]),
      has_residual(op.epilogue.residual) {
  if (has_residual) {
    const ops::Input& r = binding.in[ops::Conv::kResidual];
    residual = ops::BlockedView(r.shape(), r.layout);
  }
  const Shape& w = binding.in[ops::Conv::kWeights].shape();
  const ops::Windows v = op.spatial.windows(ops::spatial_part(binding.in[ops::Conv::kX].shape()),
                                            Shape(w.begin() + 2, w.end()));
  const std::size_t last = v.kernel.size() - 1;
  kernel_columns = v.kernel[last];
  stride_x = v.strides[last];
  dilation_x = v.dilations[last];
  pad_x = v.pads_begin[last];
  if (last == 0) return;
  kernel_rows = v.kernel[0];
  stride_y = v.strides[0];
  dilation_y = v.dilations[0];
  pad_y = v.pads_begin[0];
}

}  // namespace engine::cpu
