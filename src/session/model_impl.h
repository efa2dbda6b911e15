// What a Model holds.
#pragma once

#include "graph/graph.h"
#include "graph/planner/program.h"
#include "loaders/onnx/load.h"

#include <engine/model.h>

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>

namespace engine {

/// Thread-safe. The graph of a model that came from a file is let go once a program has been made
/// from it, and read again from the file if another device needs it: the program holds the weights
/// in packed form, and one copy is enough.
struct Model::Impl {
  std::filesystem::path file;     ///< empty: the model came from memory
  std::uintmax_t file_bytes = 0;  ///< size and time of the file when it was loaded
  std::filesystem::file_time_type file_time;
  LoadOptions options;
  onnx::LoadedModel info;  ///< its graph is empty; `graph` has it
  std::string name;

  /// The program for a device and a set of passes; made at first use, shared while anyone holds it.
  /// `key` names both.
  std::shared_ptr<const graph::Program> program(
      const std::string& key, const std::vector<std::string>& disabled_passes,
      const std::function<std::shared_ptr<const ops::Backend>()>& backend) const;

  /// A copy of the graph before any pass (tensors are shared).
  graph::Graph original() const;

  mutable std::mutex mutex;
  mutable std::unique_ptr<graph::Graph> graph;  ///< null: let go
  mutable std::map<std::string, std::weak_ptr<const graph::Program>> programs;

 private:
  graph::Graph load_graph() const;
};

}  // namespace engine
