// Parameters of kernels that decide how fast they are, never what they compute.
#pragma once

#include <engine/types.h>

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace engine::ops {

/// Values of a kernel's parameters, by name; what is not named follows the kernel's cost model. A
/// kernel believes none of them: it brings each into its own limits.
using Choice = std::map<std::string, Index, std::less<>>;

/// Choices by layer, as Tunable::layer writes it.
using TuningTable = std::map<std::string, Choice, std::less<>>;

/// What choices are made for, beside the layer: they are worth nothing elsewhere.
struct Hardware {
  std::string device;  ///< in one printable line
  std::string driver;  ///< empty where there is none
  bool operator==(const Hardware&) const = default;
};

/// The choice for a layer in a table, which may be null; null if there is none.
inline const Choice* find_choice(const TuningTable* table, const std::string& layer) {
  if (!table) return nullptr;
  const auto found = table->find(layer);
  return found == table->end() ? nullptr : &found->second;
}

/// What a choice, which may be null, says of a parameter, brought into limits; else `standard`.
inline Index chosen(const Choice* choice, std::string_view name, Index standard, Index low,
                    Index high) {
  if (!choice) return standard;
  const auto found = choice->find(name);
  return found == choice->end() ? standard : std::clamp(found->second, low, high);
}

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
