// Models for tests of the service, and answers that are waited for.
#pragma once

#include "serve/core/repository.h"
#include "tests/loaders/onnx/model_builder.h"

#include <filesystem>
#include <fstream>
#include <future>

namespace engine::serve::test {

/// table [4, 2], indices int64 [N] -> rows float32 [N, 2]: row i holds `plus` + 10 i and 1 more.
inline std::string lookup_bytes(float plus = 0) {
  onnx::test::ModelWriter model;
  onnx::test::GraphWriter graph = model.graph();
  graph.input("i", {"N"}, onnx::pb::TensorProto::INT64).output("y");
  graph.floats("table", {4, 2},
               {plus, plus + 1, plus + 10, plus + 11, plus + 20, plus + 21, plus + 30, plus + 31});
  graph.node("Gather", {"table", "i"}, {"y"});
  return model.bytes();
}

inline Model parse(const std::string& bytes) {
  return Model::parse(std::as_bytes(std::span(bytes)));
}

inline Request lookup(std::initializer_list<std::int64_t> indices) {
  return {.inputs = {{"i", Tensor::of<std::int64_t>({std::ssize(indices)}, indices)}}};
}

/// Loads the lookup model and the jet tagger.
inline void load_lookup_and_jets(Repository& repository) {
  namespace fs = std::filesystem;
  const fs::path file =
      fs::temp_directory_path() / ("engine_serve_" + std::to_string(::getpid()) + "_lookup.onnx");
  std::ofstream(file, std::ios::binary) << lookup_bytes();
  repository.load({.file = file, .name = "lookup"});
  repository.load(
      {.file = fs::path(ENGINE_SOURCE_DIR) / "models" / "jet_tagger.onnx", .name = "jet_tagger"});
  fs::remove(file);
}

inline std::shared_ptr<MemoryBudget> much_memory() {
  return std::make_shared<MemoryBudget>(std::size_t{1} << 30);
}

/// Submits; the future breaks if the callback is dropped, and throws if it is called twice.
inline std::future<Response> send(Batcher& batcher, Request request, Ticket* ticket = nullptr) {
  auto promise = std::make_shared<std::promise<Response>>();
  auto future = promise->get_future();
  Ticket mine = batcher.submit(std::move(request), [promise](Response response) {
    promise->set_value(std::move(response));
  });
  if (ticket) *ticket = mine;
  return future;
}

/// Holds the thread of a batcher with one instance in the callback of a request, so that what is
/// sent meanwhile stays queued.
class Hold {
 public:
  Hold(Batcher& batcher, Request request) {
    std::promise<void> held;
    batcher.submit(std::move(request), [&held, open = open_.get_future().share()](Response) {
      held.set_value();
      open.wait();
    });
    held.get_future().wait();
  }
  ~Hold() { release(); }
  void release() {
    if (!std::exchange(released_, true)) open_.set_value();
  }

 private:
  std::promise<void> open_;
  bool released_ = false;
};

}  // namespace engine::serve::test
