// Holding two backends against each other, node by node.
#pragma once

#include <engine/session.h>

#include <array>

namespace engine {

/// When two values count as equal: |a - b| <= atol + rtol * |b|.
struct Tolerance {
  double rtol = 1e-5;
  double atol = 1e-5;
};

/// Differences between two tensors, `a` judged against `b`.
struct Difference {
  Index count = 0;         ///< elements compared
  Index mismatches = 0;    ///< elements outside the tolerance, NaN against a number among them
  Index unequal_bits = 0;  ///< elements whose bits differ (any NaN equals any NaN)
  Index nan_a = 0, nan_b = 0, inf_a = 0, inf_b = 0;
  double max_abs = 0, max_rel = 0, mean_abs = 0;
  Index max_ulp = 0;  ///< distance in representable values of the type
  Index worst = -1;   ///< element with the largest |a - b|
  double worst_a = 0, worst_b = 0;
  std::array<Index, 12> ulp_histogram{};  ///< 0, 1, 2, 3-4, 5-8, ..., more than 512
  bool same_shape = true;
  bool within() const noexcept { return same_shape && mismatches == 0; }
};

/// Compares two tensors of the same type. Integers and bool must be equal.
ENGINE_API Difference compare(const Tensor& a, const Tensor& b, const Tolerance& tolerance = {});

struct NodeDifference {
  std::string name, op, output;
  bool checked = false;
  std::string why_not;  ///< if not checked
  Difference difference;
};

struct CompareOptions {
  Tolerance tolerance = {};
  bool per_node = false;    ///< otherwise only the outputs
  bool cumulative = false;  ///< each device goes on with its own values instead of those of `a`
  bool stop_at_first = false;
  int threads = 1;
  std::string program =
      "";  ///< SessionOptions::program of `b` if that is an OpenCL device, else `a`
};

struct ENGINE_API CompareReport {
  std::string device_a, device_b;
  std::vector<NodeDifference> nodes;    ///< if per_node
  std::vector<NodeDifference> outputs;  ///< always
  Index unchecked = 0;
  bool within() const noexcept;
};

/// Runs `model` on both devices with the same inputs. In the per-node mode each node of `b` is fed
/// with what `a` computed, so that every node is judged alone.
ENGINE_API CompareReport compare(const Model& model, const std::string& device_a,
                                 const std::string& device_b, const Tensors& inputs,
                                 const CompareOptions& options = {});

}  // namespace engine
