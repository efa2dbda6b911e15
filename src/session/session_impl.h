// What a Session and a BoundCall hold.
#pragma once

#include "base/pool.h"
#include "graph/executor/context.h"
#include "graph/executor/interpreter.h"
#include "session/model_impl.h"

#include <engine/session.h>

#include <condition_variable>
#include <deque>
#include <list>
#include <mutex>
#include <thread>
#include <utility>

namespace engine {

/// A plan with the contexts that are free to run it.
struct CachedPlan {
  std::vector<Shape> shapes;
  std::shared_ptr<const graph::Plan> plan;  ///< null: shapes inside depend on values
  std::vector<std::unique_ptr<graph::Context>> contexts;
};

struct Session::Impl {
  Impl(const Model& model, SessionOptions options);
  ~Impl();

  Model model;
  SessionOptions options;
  std::shared_ptr<const graph::Program> program;
  std::shared_ptr<Pool> pool;

  Tensors run(const Tensors& inputs);
  void submit(std::function<void()> task);

  /// Inputs in the graph's order, defaults filled in. Throws if names, types or shapes do not fit.
  std::vector<Tensor> ordered(const Tensors& inputs) const;
  /// The plan for these shapes; the most recently used `max_plans` are kept.
  std::shared_ptr<CachedPlan> plan_for(std::span<const Shape> shapes);

 private:
  Tensors run_plan(CachedPlan& cached, const std::vector<Tensor>& inputs);
  std::unique_ptr<graph::Context> take_context(CachedPlan& cached);
  Tensors named(std::vector<Tensor> outputs) const;
  void serve_queue();

  std::mutex mutex_;
  std::list<std::shared_ptr<CachedPlan>> plans_;  // most recently used first

  std::mutex queue_mutex_;
  std::condition_variable queue_wake_;
  std::deque<std::function<void()>> queue_;
  bool closing_ = false;
  std::thread queue_thread_;  // started by the first submit
};

struct BoundCall::Impl {
  std::shared_ptr<Session::Impl> session;
  graph::Context context;
  Impl(std::shared_ptr<Session::Impl> owner, std::shared_ptr<const graph::Plan> plan)
      : session(std::move(owner)), context(std::move(plan)) {}
};

/// Throws Error (kInvalidArgument) unless the tensor fits the declaration; `bound` collects the
/// extents of named free dimensions, which must agree across inputs.
void check_input(const TensorInfo& info, DType dtype, const Shape& shape,
                 std::map<std::string, std::pair<Index, std::string>>& bound);

}  // namespace engine
