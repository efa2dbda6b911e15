// Passes: small rewrites of the graph, none of which looks at the device.
//
// The bits of a result are a function of the model, its inputs, the enabled passes and the contract
// version; so each pass has a name by which a session can switch it off.
#pragma once

#include "graph/graph.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace engine::graph {

struct Pass {
  std::string_view name;
  std::string_view doc;      ///< one line for people
  int (*run)(Graph& graph);  ///< how many places changed
};

/// All passes in the order they run.
std::span<const Pass> all_passes() noexcept;

struct PassReport {
  std::string name;
  std::string doc;
  int changes = 0;
  double ms = 0;
  bool enabled = true;
};

/// Runs all passes but the disabled ones ("all" disables every pass). Throws Error
/// (kInvalidArgument) if a name in `disabled` is unknown.
std::vector<PassReport> run_passes(Graph& graph, const std::vector<std::string>& disabled);

int eliminate_identities(Graph& graph);
int fold_constants(Graph& graph);
int inline_branches(Graph& graph);
int bind_clip_bounds(Graph& graph);
int recognize_layer_normalization(Graph& graph);
int recognize_gelu(Graph& graph);
int simplify_transposes(Graph& graph);
int fuse_attention(Graph& graph);
int fold_batch_normalization(Graph& graph);
int make_dense(Graph& graph);
int fuse_epilogues(Graph& graph);
int choose_winograd(Graph& graph);
int eliminate_dead_nodes(Graph& graph);

}  // namespace engine::graph
