// Col2Im: the sum of all blocks at their places in the image.
//
//   input [batch, channels * block elements, blocks], image_shape [d], block_shape [d]
//   -> [batch, channels, image..]
//
// Along each axis element k of block b lies at b * stride - pad + k * dilation. Where blocks
// overlap, they are added in the order of k (row-major). Meaning: ONNX Col2Im, opset 18.
#include "ops/attributes.h"
#include "ops/moving.h"

namespace engine::ops {
namespace {

// One spatial axis.
struct BlockAxis {
  Index image, block, stride, dilation, begin, end;

  // How many blocks fit; nothing if none does or the numbers overflow.
  std::optional<Index> count() const noexcept {
    Index reach, room;
    if (block < 1 || image < 0 || __builtin_mul_overflow(dilation, block - 1, &reach) ||
        __builtin_add_overflow(image, begin, &room) || __builtin_add_overflow(room, end, &room) ||
        reach >= room)
      return std::nullopt;
    return (room - reach - 1) / stride + 1;
  }
};

bool accepts(DType t) { return is_number(t) && t != DType::kInt4 && t != DType::kUInt4; }

struct Col2Im final : ComputingOperator<Col2Im> {
  std::vector<Index> strides, dilations, pads;

  std::string_view name() const noexcept override { return "Col2Im"; }

  std::vector<TensorType> infer(const Operands& in, Index) const override {
    require_type(in, 0, "input", accepts, "a number type of 8 bits or more");
    require_rank(in, 0, "input", 3);
    for (const Index i : {1, 2})
      require_type(
          in, i, i == 1 ? "image_shape" : "block_shape", [](DType t) { return t == DType::kInt64; },
          "int64");
    const auto rank = list_length(in, 1, "image_shape");
    const auto block_rank = list_length(in, 2, "block_shape");
    ENGINE_VALIDATE(!rank || !block_rank || *rank == *block_rank, "image_shape has ", *rank,
                    " elements, block_shape has ", *block_rank);
    const TensorType& x = in.type(0);
    const Dim batch = x.ranked ? x.dims[0] : Dim::unknown();
    const auto image = in.integers(1), block = in.integers(2);
    if (!image) {
      if (!rank) return {TensorType::unranked(x.dtype)};
      TensorType out = unknown_extents(x.dtype, *rank + 2);
      out.dims[0] = batch;
      return {std::move(out)};
    }
    Dims dims = {batch, Dim::unknown()};
    dims.insert(dims.end(), image->begin(), image->end());
    if (block) dims[1] = channels(x, *image, *block);
    return {{x.dtype, std::move(dims)}};
  }

  template <class Real>
  Fault compute(Inputs in, Outputs out) const {
    const Shape& y = out[0].shape();
    std::vector<Index> image(y.begin() + 2, y.end()), block;
    for (Index i = 0; i < in[2].size(); ++i) block.push_back(index_at(in[2], i));
    if (block.size() != image.size())
      return bad_shape(in[2].size(), static_cast<Index>(image.size()));
    const std::vector<BlockAxis> axes = axes_of(image, block);
    Index blocks = 1;
    for (const BlockAxis& axis : axes) {
      const auto count = axis.count();
      if (!count || __builtin_mul_overflow(blocks, *count, &blocks))
        return bad_shape(axis.block, axis.image);
    }
    const auto taps = checked_count(block);
    if (!taps || in[0].shape()[1] != y[1] * *taps || in[0].shape()[2] != blocks)
      return bad_shape(in[0].shape()[2], blocks);
    dispatch_number(in[0].dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      const Index planes = y[0] * y[1], size = product(y, 2, out[0].rank());
      for (Index plane = 0; plane < planes; ++plane)
        add_blocks<Real>(in[0].as<T>() + plane * *taps * blocks, axes, blocks,
                         out[0].as<T>() + plane * size, size);
    });
    return kNoFault;
  }

 private:
  std::vector<BlockAxis> axes_of(const std::vector<Index>& image,
                                 const std::vector<Index>& block) const {
    const std::size_t rank = image.size();
    const auto check = [rank](const char* what, std::size_t given, std::size_t needed) {
      ENGINE_VALIDATE(given == 0 || given == needed, what, " has ", given, " elements, ", needed,
                      " needed (the image has rank ", rank, ")");
    };
    check("strides", strides.size(), rank);
    check("dilations", dilations.size(), rank);
    check("pads", pads.size(), 2 * rank);
    std::vector<BlockAxis> axes;
    for (std::size_t i = 0; i < rank; ++i)
      axes.push_back({image[i], block[i], strides.empty() ? 1 : strides[i],
                      dilations.empty() ? 1 : dilations[i], pads.empty() ? 0 : pads[i],
                      pads.empty() ? 0 : pads[rank + i]});
    return axes;
  }

  // Checks everything that is known and gives the number of channels.
  Dim channels(const TensorType& x, const std::vector<Index>& image,
               const std::vector<Index>& block) const {
    ENGINE_VALIDATE(image.size() == block.size(), "image_shape is ", to_string(image),
                    ", block_shape is ", to_string(block), " (both must have one length)");
    Index blocks = 1;
    for (const BlockAxis& axis : axes_of(image, block)) {
      const auto count = axis.count();
      ENGINE_VALIDATE(count && !__builtin_mul_overflow(blocks, *count, &blocks), "image_shape is ",
                      to_string(image), ", block_shape is ", to_string(block),
                      " (no block fits, or there are too many)");
    }
    if (!x.ranked) return Dim::unknown();
    const Index taps = element_count(block);
    ENGINE_VALIDATE(!x.dims[2].known() || x.dims[2].value() == blocks, "input has ",
                    x.dims[2].value(), " blocks, the image has ", blocks);
    if (!x.dims[1].known()) return Dim::unknown();
    ENGINE_VALIDATE(x.dims[1].value() % taps == 0, "input has ", x.dims[1].value(),
                    " rows (must be a multiple of the ", taps, " elements of a block)");
    return Dim(x.dims[1].value() / taps);
  }

  // One plane: x [taps, blocks], y [size].
  template <class Real, class T>
  static void add_blocks(const T* x, const std::vector<BlockAxis>& axes, Index blocks, T* y,
                         Index size) {
    Index taps = 1;
    std::vector<Index> counts;
    for (const BlockAxis& axis : axes) {
      taps *= axis.block;
      counts.push_back(*axis.count());
    }
    for (Index pixel = 0; pixel < size; ++pixel) {
      const auto sum_over = [&](auto sum) {
        for (Index tap = 0; tap < taps; ++tap) {
          const Index block = block_under(axes, counts, pixel, tap);
          if (block >= 0) sum = static_cast<decltype(sum)>(sum + x[tap * blocks + block]);
        }
        return sum;
      };
      if constexpr (dtype_of<T> <= DType::kBFloat16) {
        const auto sum = sum_over(Compute<T, Real>{0});
        if constexpr (sizeof(T) == 2) y[pixel] = T(static_cast<float>(sum));
        else y[pixel] = static_cast<T>(sum);
      } else if constexpr (std::is_integral_v<T>) {
        y[pixel] = static_cast<T>(sum_over(std::uint64_t{0}));
      }
    }
  }

  // The block whose element `tap` is this pixel, or -1.
  static Index block_under(const std::vector<BlockAxis>& axes, const std::vector<Index>& counts,
                           Index pixel, Index tap) noexcept {
    Index block = 0, scale = 1;
    for (std::size_t i = axes.size(); i-- > 0;) {
      const BlockAxis& axis = axes[i];
      const Index at = pixel % axis.image + axis.begin - tap % axis.block * axis.dilation;
      if (at < 0 || at % axis.stride != 0 || at / axis.stride >= counts[i]) return -1;
      block += at / axis.stride * scale;
      scale *= counts[i];
      pixel /= axis.image;
      tap /= axis.block;
    }
    return block;
  }
};

}  // namespace

OperatorPtr make_Col2Im(const Attributes& attributes) {
  auto op = std::make_shared<Col2Im>();
  op->strides = attributes.integers("strides", {});
  op->dilations = attributes.integers("dilations", {});
  op->pads = attributes.integers("pads", {});
  const auto require_least = [](const char* name, const std::vector<Index>& list, Index least) {
    for (std::size_t i = 0; i < list.size(); ++i)
      ENGINE_VALIDATE(list[i] >= least, name, "[", i, "] is ", list[i], " (must be ", least,
                      " or more)");
  };
  require_least("strides", op->strides, 1);
  require_least("dilations", op->dilations, 1);
  require_least("pads", op->pads, 0);
  return op;
}

}  // namespace engine::ops
