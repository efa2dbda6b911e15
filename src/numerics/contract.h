// The arithmetic contract: the order of every reduction, written down once.
//
// For a given model and input, each sample's float32 outputs have the same bits whatever the batch,
// the thread count, the instruction set, and the device. Every backend follows this file. A change
// that moves a bit raises kContractVersion and needs a decision record (docs/decisions/).
//
//  1. Multiply-adds are fused, explicitly; nothing else is (-ffp-contract=off, no fast-math).
//  2. A sum is one chain, starting at +0, over its terms in the order written at its operator.
//     Long ones of dense layers and convolutions are cut in sections, one chain each, which are
//     added up in order (`sum_sections`): a section has kSectionTerms terms, in a convolution the
//     whole blocks of channels that have no more, but one at least.
//  3. A dense layer (constant weights) cuts K in `dense_segments(outputs)` contiguous segments,
//     sums each as in rule 2, and adds these up by the tree (s0 + s1) + (s2 + s3).
//  4. A convolution sums over (block of 16 input channels, kernel axes, channel in block), in
//     sections of `section_channels(taps)` channels. Taps outside the image multiply +0. The last
//     block is short, never padded. Where the graph says so (passes/choose_winograd, from the
//     layer's own shape), a 3x3 convolution is that of winograd.h instead.
//  5. Sums along an axis (softmax, normalisations, reductions over the last axis) run in 16 lanes,
//     element i in lane i mod 16, then the tree of `add_lanes`; sums over other axes in one chain.
//  6. Then bias, then residual, then activation, one rounding each.
//  7. max is `a > b ? a : b` in a fixed operand order; ReLU is `0 > x ? 0 : x`, so NaN stays NaN.
//  8. Elementary functions are those of elementary.inc; / and sqrt are correctly rounded.
//  9. Any NaN equals any other; hashes see 0x7fc00000.
#pragma once

#include <engine/types.h>

namespace engine::numerics {

inline constexpr int kContractVersion = 3;

/// Lanes of a sum along an axis, and width of all blocks of channels.
inline constexpr Index kLanes = 16;

/// Segments of K in a dense layer with this many outputs: 4, 2 or 1.
constexpr Index dense_segments(Index outputs) noexcept {
  return outputs <= 16 ? 4 : outputs <= 32 ? 2 : 1;
}

/// First element of segment `s` of `segments` (and the end of the one before): even cuts, rounded
/// up.
constexpr Index segment_start(Index k, Index segments, Index s) noexcept {
  const Index length = (k + segments - 1) / segments;
  const Index start = s * length;
  return start < k ? start : k;
}

/// Terms of a section (rule 2): few enough for its rounding errors to stay small, many enough for
/// its end to cost nothing.
inline constexpr Index kSectionTerms = 512;

/// Input channels of a section in a convolution whose kernel has `taps` positions: a multiple
/// of 16.
constexpr Index section_channels(Index taps) noexcept {
  const Index blocks = taps > 1 ? kSectionTerms / kLanes / taps : kSectionTerms / kLanes;
  return (blocks > 1 ? blocks : 1) * kLanes;
}

/// chain(0, section) + chain(section, 2 section) + .., from the left, up to `k`: a sum of one
/// section is that chain.
template <class Chain>
constexpr auto sum_sections(Index k, Index section, const Chain& chain) {
  auto sum = chain(Index{0}, k < section ? k : section);
  for (Index first = section; first < k; first += section)
    sum = sum + chain(first, k - first < section ? k : first + section);
  return sum;
}

/// Sum of 16 lanes: halves are added until one is left (8, 4, 2, 1).
template <class Real>
constexpr Real add_lanes(const Real (&lanes)[kLanes]) noexcept {
  Real sum[kLanes];
  for (Index i = 0; i < kLanes; ++i) sum[i] = lanes[i];
  for (Index half = kLanes / 2; half > 0; half /= 2)
    for (Index i = 0; i < half; ++i) sum[i] = sum[i] + sum[i + half];
  return sum[0];
}

/// Sum of `n` values of `term(i)` in lane order (rule 5).
template <class Real, class Term>
Real lane_sum(Index n, const Term& term) {
  Real lanes[kLanes] = {};
  for (Index i = 0; i < n; ++i) lanes[i % kLanes] = lanes[i % kLanes] + term(i);
  return add_lanes(lanes);
}

}  // namespace engine::numerics
