// Products of matrices: Dense with constant weights, MatMul.
#include "ops/matmul.h"

#include "base/check.h"
#include "ops/dense.h"
#include "ops/opencl/epilogue.h"
#include "ops/opencl/products.h"
#include "ops/opencl/tiles.h"

#include <limits>

namespace engine::opencl {
namespace {

using ops::Dense;
constexpr Index kBlock = numerics::kLanes;

const Tile kDenseWide[] = {{7, 4, "dense_7x4", 100, "long_dense_7x4"},
                           {12, 2, "dense_12x2", 100, "long_dense_12x2"},
                           {12, 1, "dense_12x1", 110, "long_dense_12x1"},
                           {1, 1, "dense_1x1", 400, "long_dense_1x1"}};
const Tile kDenseNarrow[] = {{1, 4, "dense_1x4", 190, "long_dense_1x4"},
                             {2, 2, "dense_2x2", 120, "long_dense_2x2"},
                             {6, 1, "dense_6x1", 100, "long_dense_6x1"},
                             {5, 1, "dense_5x1", 110, "long_dense_5x1"},
                             {1, 1, "dense_1x1", 360, "long_dense_1x1"}};
const Tile kDenseBoard[] = {{8, 1, "dense_8x1"}};
const TileMenu kDenseTiles = {kDenseWide, kDenseNarrow, kDenseBoard};

const Tile kMatMulWide[] = {{7, 4, "matmul_7x4"},
                            {12, 2, "matmul_12x2"},
                            {12, 1, "matmul_12x1", 110},
                            {1, 1, "matmul_1x1", 400}};
const Tile kMatMulNarrow[] = {{1, 4, "matmul_1x4", 190},
                              {2, 2, "matmul_2x2", 120},
                              {6, 1, "matmul_6x1"},
                              {5, 1, "matmul_5x1", 110},
                              {1, 1, "matmul_1x1", 360}};
const Tile kMatMulBoard[] = {{8, 1, "matmul_8x1"}};
const TileMenu kMatMulTiles = {kMatMulWide, kMatMulNarrow, kMatMulBoard};

// What a dense launch does beside the product; no bias, no residual and one chain by default.
struct DenseExtras {
  Argument bias, residual;  ///< read only if they are there
  bool has_bias = false, has_residual = false;
  Index segments = 1, section = std::numeric_limits<cl_int>::max();
  Bounds bounds = {};
};

Launch dense_launch(const Device& device, Argument x, cl_mem w, Argument y, Index rows, Index k,
                    Index n, const DenseExtras& extras, const ops::Choice* choice = nullptr) {
  const TiledWork work{rows, vectors_of(n), k, 1, choice};
  const Tile& tile = choose_tile(kDenseTiles.of(device), work);
  // The first segment is the longest.
  const bool has_sections = numerics::segment_start(k, extras.segments, 1) > extras.section;
  Launch launch{"dense",
                tile.kernel_for(has_sections),
                {x, w, extras.bias, extras.residual, y, to_int(rows), to_int(k), to_int(n),
                 to_int(extras.segments), to_int(extras.section), cl_int{extras.has_bias},
                 cl_int{extras.has_residual}, extras.bounds.low, extras.bounds.high}};
  set_tiles(device, tile, work, launch);
  return launch;
}

}  // namespace

std::vector<float> packed_columns(const float* w, bool transposed, Index k, Index n) {
  std::vector<float> packed(static_cast<std::size_t>(vectors_of(n) * k * kBlock));
  for (Index row = 0; row < k; ++row)
    for (Index column = 0; column < n; ++column)
      packed[static_cast<std::size_t>((column / kBlock * k + row) * kBlock + column % kBlock)] =
          transposed ? w[column * k + row] : w[row * n + column];
  return packed;
}

Launch product_launch(const Device& device, Argument x, cl_mem w, Argument y, Index rows, Index k,
                      Index n) {
  return dense_launch(device, x, w, y, rows, k, n, {.bias = w, .residual = w});
}

Launch matmul_launch(const Device& device, Argument a, Argument b, Argument y, const MatrixSizes& s,
                     const ops::Choice* choice) {
  const TiledWork work{s.m, vectors_of(s.n), s.k, s.matrices, choice};
  const Tile& tile = choose_tile(kMatMulTiles.of(device), work);
  Launch launch{
      "matmul",
      tile.kernel,
      {a, b, y, to_int(s.m), to_int(s.k), to_int(s.n), to_int(s.a_step), to_int(s.b_step)}};
  set_tiles(device, tile, work, launch);
  return launch;
}

std::shared_ptr<PackedBuffers> pack_dense(const Device& device, const ops::Operator& op,
                                          const ops::Operands& in) {
  const Tensor* w = in[Dense::kWeights].value;
  if (!w || w->dtype() != DType::kFloat32 || w->size() == 0) return nullptr;
  const bool transposed = static_cast<const Dense&>(op).transposed;
  const Index k = w->shape()[transposed ? 1 : 0], n = w->shape()[transposed ? 0 : 1];
  const std::vector<float> columns = packed_columns(w->values<float>().data(), transposed, k, n);
  auto packed = std::make_shared<PackedBuffers>();
  packed->buffers.push_back(device.upload(columns.data(), columns.size() * sizeof(float)));
  packed->consumed_inputs = 1u << Dense::kWeights;
  return packed;
}

std::optional<DeviceKernel::Parts> bind_dense(const Device& device, const Binding& binding) {
  if (!binding.packed) return std::nullopt;
  const auto& op = static_cast<const Dense&>(binding.op);
  const Shape& w = binding.in[Dense::kWeights].shape();
  const Index k = w[op.transposed ? 1 : 0], n = w[op.transposed ? 0 : 1];
  const Index rows = binding.out[0].size() / n;
  const bool has_bias = binding.in.size() > Dense::kBias && binding.in[Dense::kBias];
  const cl_mem weights = static_cast<const PackedBuffers*>(binding.packed)->buffers[0].get();
  const std::optional<Bounds> bounds = bounds_of(op.epilogue);
  const DenseExtras extras{has_bias ? Argument(In{Dense::kBias}) : weights,
                           op.epilogue.residual ? Argument(In{Dense::kResidual}) : weights,
                           has_bias,
                           op.epilogue.residual,
                           numerics::dense_segments(n),
                           numerics::kSectionTerms,
                           bounds.value_or(Bounds{})};
  const std::string layer = concat("dense[opencl] ", rows, "x", k, " to ", n);
  DeviceKernel::Parts parts{"dense",
                            {dense_launch(device, In{Dense::kX}, weights, Out{0}, rows, k, n,
                                          extras, ops::find_choice(binding.tuning, layer))}};
  parts.tunable = tile_choices(device, kDenseTiles.of(device), {rows, vectors_of(n), k}, layer);
  if (op.epilogue.residual) parts.overwritable = 1u << Dense::kResidual;
  if (!bounds)
    parts.launches.push_back(unary_launch(device, op.epilogue.activation, op.epilogue.a,
                                          op.epilogue.b, rows * n, Out{0}, Out{0}));
  return parts;
}

std::optional<DeviceKernel::Parts> bind_matmul(const Device& device, const Binding& binding) {
  const ops::Input &a = binding.in[0], &b = binding.in[1];
  if (a.dtype != DType::kFloat32 || a.rank() < 2 || b.rank() < 2) return std::nullopt;
  const Shape &p = a.shape(), &q = b.shape();
  const Index m = p[p.size() - 2], k = p.back(), n = q.back();
  const Index matrices = binding.out[0].size() / (m * n);
  const Index of_a = k == 0 ? 1 : a.size() / (m * k), of_b = k == 0 ? 1 : b.size() / (k * n);
  // Each operand has one matrix for each result, or one for all.
  if ((of_a != matrices && of_a != 1) || (of_b != matrices && of_b != 1)) return std::nullopt;
  const std::string layer = concat("matmul[opencl] ", matrices, "x", m, "x", k, " to ", n);
  const MatrixSizes sizes{m, k, n, matrices, of_a == 1 ? 0 : m * k, of_b == 1 ? 0 : k * n};
  const ops::Choice* choice = ops::find_choice(binding.tuning, layer);
  Launch launch = matmul_launch(device, In{0}, In{1}, Out{0}, sizes, choice);
  DeviceKernel::Parts parts{"matmul", {std::move(launch)}};
  parts.tunable =
      tile_choices(device, kMatMulTiles.of(device), {m, vectors_of(n), k, matrices}, layer);
  return parts;
}

}  // namespace engine::opencl
