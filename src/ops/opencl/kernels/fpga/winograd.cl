// Convolution in Winograd's form; see winograd_tile.inc.
#include "ops/opencl/kernels/fpga/common.cl"
#include "numerics/winograd.inc"

#define T 4
#define WINOGRAD(name) winograd4_##name
#define WINOGRAD_INPUT p_winograd4_input
#define WINOGRAD_OUTPUT p_winograd4_output
#include "ops/opencl/kernels/fpga/winograd_tile.inc"
#define T 2
#define WINOGRAD(name) winograd2_##name
#define WINOGRAD_INPUT p_winograd2_input
#define WINOGRAD_OUTPUT p_winograd2_output
#include "ops/opencl/kernels/fpga/winograd_tile.inc"

ITEM_KERNEL winograd4_input(global const float* restrict x, global float* restrict v,
                            int8 x_geometry, int window, int first, int count, int tiles_across,
                            int tiles_each, GRID) {
  winograd4_transform_input(x, v, view_of(x_geometry), window, first, count, tiles_across,
                            tiles_each, first_unit, units, planes);
}
ITEM_KERNEL winograd2_input(global const float* restrict x, global float* restrict v,
                            int8 x_geometry, int window, int first, int count, int tiles_across,
                            int tiles_each, GRID) {
  winograd2_transform_input(x, v, view_of(x_geometry), window, first, count, tiles_across,
                            tiles_each, first_unit, units, planes);
}

ITEM_KERNEL winograd4_output(global const float* restrict m, global const float* restrict bias,
                             global const float* residual, global float* y, int8 y_geometry,
                             int8 residual_geometry, int first, int count, int tiles_across,
                             int tiles_each, int has_residual, float low, float high, GRID) {
  winograd4_transform_output(m, bias, residual, y, view_of(y_geometry), view_of(residual_geometry),
                             first, count, tiles_across, tiles_each, has_residual, low, high,
                             first_unit, units, planes);
}
ITEM_KERNEL winograd2_output(global const float* restrict m, global const float* restrict bias,
                             global const float* residual, global float* y, int8 y_geometry,
                             int8 residual_geometry, int first, int count, int tiles_across,
                             int tiles_each, int has_residual, float low, float high, GRID) {
  winograd2_transform_output(m, bias, residual, y, view_of(y_geometry), view_of(residual_geometry),
                             first, count, tiles_across, tiles_each, has_residual, low, high,
                             first_unit, units, planes);
}
