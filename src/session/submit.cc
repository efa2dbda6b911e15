// Runs that were submitted: begun in order by the session's thread, which waits for the device only
// where steps of the run need the host.
#include "base/fp_state.h"
#include "session/session_impl.h"

#include <utility>

namespace engine {
namespace {

// One computes while the inputs of the next are on their way; more would only take memory.
constexpr int kMostInFlight = 2;

using OnDone = std::function<void(Tensors, std::exception_ptr)>;

std::function<void()> answer(OnDone on_done, Tensors outputs, std::exception_ptr error) {
  return [on_done = std::move(on_done), outputs = std::move(outputs), error]() mutable {
    on_done(std::move(outputs), error);
  };
}

}  // namespace

// A run that the device has.
struct Session::Impl::Flight {
  OnDone on_done;
  Tensors inputs;  // for the spare device, if there is one
  std::shared_ptr<CachedPlan> cached;
  std::unique_ptr<graph::Context> context;
};

// A submitted run does not own the session: the destructor waits for the queue instead. Callbacks
// come last in a task, since they may let go of the session.
void Session::Impl::submit(Submission run) {
  queue_.submit([this, run = std::move(run)]() mutable {
    std::vector<Answer> answers;
    waiting_.push_back(std::move(run));
    begin_waiting(answers);
    for (const Answer& answer : answers) answer();
  });
}

void Session::Impl::begin_waiting(std::vector<Answer>& answers) {
  while (!waiting_.empty() && in_flight_ < kMostInFlight) {
    Submission run = std::move(waiting_.front());
    waiting_.pop_front();
    begin(std::move(run), answers);
  }
}

void Session::Impl::begin(Submission run, std::vector<Answer>& answers) {
  Tensors outputs;
  std::exception_ptr error;
  try {
    const FpState fp;
    const std::vector<Tensor> inputs = ordered(run.inputs);
    const std::shared_ptr<CachedPlan> cached = plan_for(shapes_of(inputs));
    if (!cached->plan) {
      outputs = interpret(inputs);
    } else {
      auto context = take_context(*cached, inputs);
      if (context->can_start()) {
        if (options.spare.empty()) run.inputs.clear();
        return start({std::move(run.on_done), std::move(run.inputs), cached, std::move(context)});
      }
      outputs = run_plan(*cached, std::move(context));
    }
  } catch (...) {
    error = repeat(run.inputs, outputs);
  }
  answers.push_back(answer(std::move(run.on_done), std::move(outputs), error));
}

// Of a run that has thrown what is being handled: null if the spare device has made its outputs.
std::exception_ptr Session::Impl::repeat(const Tensors& inputs, Tensors& outputs) {
  try {
    try {
      throw;
    } catch (const Error& error) {
      outputs = spare_for(error).run(inputs);
    }
  } catch (...) {
    return std::current_exception();
  }
  return nullptr;
}

void Session::Impl::start(Flight flight) {
  ++in_flight_;
  queue_.expect();
  graph::Context& context = *flight.context;
  auto shared = std::make_shared<Flight>(std::move(flight));
  // On a thread of the driver, which keeps nothing: to let go of a context waits for the device.
  context.start([this, shared = std::move(shared)](const Status& status) mutable {
    queue_.submit_expected([this, flight = std::move(shared), status] {
      std::vector<Answer> answers;
      land(*flight, status, answers);
      begin_waiting(answers);
      for (const Answer& answer : answers) answer();
    });
  });
}

void Session::Impl::land(Flight& flight, const Status& status, std::vector<Answer>& answers) {
  --in_flight_;
  Tensors outputs;
  std::exception_ptr error;
  try {
    outputs = give_back(*flight.cached, std::move(flight.context), status);
  } catch (...) {
    error = repeat(flight.inputs, outputs);
  }
  answers.push_back(answer(std::move(flight.on_done), std::move(outputs), error));
}

}  // namespace engine
