#include "graph/passes/passes.h"

#include "base/check.h"
#include "base/text.h"

#include <algorithm>
#include <chrono>

namespace engine::graph {
namespace {

constexpr Pass kPasses[] = {
    {"eliminate_identities", "removes Identity, Dropout and other nodes that change nothing",
     eliminate_identities},
    {"fold_constants", "computes what depends on constants alone, within a budget", fold_constants},
    {"inline_branches", "puts the branch of an If with a constant condition in its place",
     inline_branches},
    {"bind_clip_bounds", "turns Clip with constant bounds into an activation", bind_clip_bounds},
    {"recognize_layer_normalization", "finds LayerNormalization in its decomposition",
     recognize_layer_normalization},
    {"recognize_gelu", "finds Gelu in its decomposition", recognize_gelu},
    {"simplify_transposes", "merges, cancels and moves Transpose nodes", simplify_transposes},
    {"fuse_attention", "computes attention head by head, where the heads lie", fuse_attention},
    {"fold_batch_normalization", "folds BatchNormalization into the Conv or Gemm before it",
     fold_batch_normalization},
    {"make_dense", "turns MatMul and Gemm with constant weights into Dense", make_dense},
    {"fuse_epilogues", "fuses bias, residual and activation into Conv and Dense", fuse_epilogues},
    {"choose_winograd", "computes 3x3 convolutions in tiles, as their shapes ask for",
     choose_winograd},
    {"eliminate_dead_nodes", "removes nodes that no output needs", eliminate_dead_nodes},
};

void check_names(const std::vector<std::string>& disabled) {
  for (const std::string& name : disabled) {
    if (name == "all" || std::ranges::find(kPasses, name, &Pass::name) != std::end(kPasses))
      continue;
    std::vector<std::string> names;
    for (const Pass& pass : kPasses) names.emplace_back(pass.name);
    fail(ErrorCode::kInvalidArgument, "there is no pass ", quote(name),
         " (there are: ", join(names), ")");
  }
}

}  // namespace

std::span<const Pass> all_passes() noexcept { return kPasses; }

std::vector<PassReport> run_passes(Graph& graph, const std::vector<std::string>& disabled) {
  check_names(disabled);
  std::vector<PassReport> reports;
  for (const Pass& pass : kPasses) {
    PassReport report{std::string(pass.name), std::string(pass.doc)};
    report.enabled = std::ranges::find(disabled, "all") == disabled.end() &&
                     std::ranges::find(disabled, pass.name) == disabled.end();
    if (report.enabled) {
      const auto start = std::chrono::steady_clock::now();
      report.changes = pass.run(graph);
      const std::chrono::duration<double, std::milli> spent =
          std::chrono::steady_clock::now() - start;
      report.ms = spent.count();
    }
    reports.push_back(std::move(report));
  }
  return reports;
}

}  // namespace engine::graph
