// Parameters of kernels that decide how fast they are, never what they compute.
#pragma once

#include <engine/types.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace engine::ops {

/// Values of a kernel's parameters, by name; what is not named follows the kernel's cost model. A
/// kernel believes none of them: it brings each into its own limits.
using Choice = std::map<std::string, Index, std::less<>>;

/// Choices by layer, as Tunable::layer writes it.
using TuningTable = std::map<std::string, Choice, std::less<>>;

/// A parameter with the values that are worth trying, the most promising first.
struct Parameter {
  std::string name;
  std::vector<Index> values;
};

/// What may be chosen for a kernel at its shapes.
struct Tunable {
  std::string layer;  ///< the kernel with all that its speed depends on, in one printable line
  Choice defaults;    ///< of every parameter, by the cost model
  std::vector<Parameter> parameters;
};

}  // namespace engine::ops
