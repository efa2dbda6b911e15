// Where the time of a run goes.
#pragma once

#include <engine/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace engine {

/// One node of the plan: what it is, what it costs in theory, what it cost in practice. Nodes that
/// run piece by piece, in turns with others, count as if all their pieces ran together.
struct NodeProfile {
  std::string name;    ///< the node's name in the model, or that of its first output
  std::string op;      ///< operator, with what was fused into it, such as "Conv+Relu"
  std::string kernel;  ///< the kernel that ran, such as "conv_direct[avx512]"
  Index flops = 0;     ///< a multiply-add counts 2
  Index bytes = 0;     ///< inputs and outputs, each once
  std::vector<std::int64_t> start_ns;     ///< of each run, since the first run's start
  std::vector<std::int64_t> duration_ns;  ///< of each run
};

/// Times of one or more runs, node by node in order of execution.
struct Profile {
  std::vector<NodeProfile> nodes;
};

/// The profile as a trace in the Chrome JSON format, which Perfetto opens.
ENGINE_API std::string to_trace_json(const Profile& profile);

}  // namespace engine
