// What a Session and a BoundCall hold.
#pragma once

#include "base/pool.h"
#include "base/task_queue.h"
#include "graph/executor/context.h"
#include "graph/executor/interpreter.h"
#include "session/model_impl.h"

#include <engine/session.h>

#include <deque>
#include <list>
#include <mutex>
#include <utility>

namespace engine {

/// Inputs of a run that was submitted, and who wants to know.
struct Submission {
  Tensors inputs;
  std::function<void(Tensors, std::exception_ptr)> on_done;
};

/// A plan with the contexts that are free to run it.
struct CachedPlan {
  std::vector<Shape> shapes;
  std::shared_ptr<const graph::Plan> plan;  ///< null: shapes inside depend on values
  std::vector<std::unique_ptr<graph::Context>> contexts;
};

struct Session::Impl {
  Impl(const Model& model, SessionOptions options);

  Model model;
  SessionOptions options;
  std::shared_ptr<const graph::Program> program;
  std::shared_ptr<Pool> pool;
  ops::TuningTable choices;

  Tensors run(const Tensors& inputs);
  std::vector<std::string> remarks() const;
  Placement placement() const;
  void submit(Submission run);

  /// Inputs in the graph's order, defaults filled in. Throws if names, types or shapes do not fit.
  std::vector<Tensor> ordered(const Tensors& inputs) const;
  /// The plan for these shapes; the most recently used `max_plans` are kept.
  std::shared_ptr<CachedPlan> plan_for(std::span<const Shape> shapes);

 private:
  void load_tuning();
  void add_placement(const Placement& added);  // under the lock
  void add_remark(std::string text);           // under the lock, or before others see the session
  Tensors run_here(const Tensors& inputs);
  /// The session that repeats a run which ended so; throws on if there is none. In its handler
  /// only.
  Impl& spare_for(const Error& error);
  Tensors interpret(const std::vector<Tensor>& inputs);
  Tensors run_plan(CachedPlan& cached, std::unique_ptr<graph::Context> context);
  /// A context that is free, filled with inputs.
  std::unique_ptr<graph::Context> take_context(CachedPlan& cached,
                                               const std::vector<Tensor>& inputs);
  /// What it computed. The context is free again. Throws Error if the run failed.
  Tensors give_back(CachedPlan& cached, std::unique_ptr<graph::Context> context,
                    const Status& status);
  Tensors named(std::vector<Tensor> outputs) const;

  // Runs that were submitted (submit.cc), on the queue's thread.
  struct Flight;
  using Answer = std::function<void()>;
  void begin_waiting(std::vector<Answer>& answers);
  void begin(Submission run, std::vector<Answer>& answers);
  void start(Flight flight);
  std::exception_ptr repeat(const Tensors& inputs, Tensors& outputs);
  void land(Flight& flight, const Status& status, std::vector<Answer>& answers);

  std::deque<Submission> waiting_;
  int in_flight_ = 0;

  std::once_flag spare_made_;
  std::unique_ptr<Impl> spare_;  // runs what the device fails

  mutable std::mutex mutex_;
  std::vector<std::string> remarks_;
  Placement placement_;
  std::list<std::shared_ptr<CachedPlan>> plans_;  // most recently used first

  // Last: its destructor runs what was submitted, which needs all the rest.
  TaskQueue queue_;
};

struct BoundCall::Impl {
  std::shared_ptr<Session::Impl> session;
  graph::Context context;
  Impl(std::shared_ptr<Session::Impl> owner, std::shared_ptr<const graph::Plan> plan)
      : session(std::move(owner)), context(std::move(plan), *session->pool) {}
};

inline std::vector<Shape> shapes_of(const std::vector<Tensor>& tensors) {
  std::vector<Shape> shapes;
  for (const Tensor& tensor : tensors) shapes.push_back(tensor.shape());
  return shapes;
}

/// Throws Error (kInvalidArgument) unless the tensor fits the declaration; `bound` collects the
/// extents of named free dimensions, which must agree across inputs.
void check_input(const TensorInfo& info, DType dtype, const Shape& shape,
                 std::map<std::string, std::pair<Index, std::string>>& bound);

}  // namespace engine
