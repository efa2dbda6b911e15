#include "bench/threads/threads_bench.h"

#include "base/pool.h"
#include "tools/bench/model_bench.h"
#include "tools/bench/rounds.h"
#include "tools/bench/statistics.h"

#include <algorithm>
#include <chrono>
#include <latch>
#include <memory>
#include <numeric>
#include <thread>

namespace engine::bench {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

void run_checked(BoundCall& call) {
  if (const Status status = call.run(); !status)
    throw Error(ErrorCode::kRunFailed, call.message(status));
}

// Of inputs with which a run has been good.
void run_times(BoundCall& call, Index runs) noexcept {
  for (; runs > 0; --runs) static_cast<void>(call.run());
}

// Runs for at least `seconds`; the clock is read after every group of runs only.
double runs_per_second(BoundCall& call, double seconds) {
  const Index group = tools::warm_up([&](Index n) { run_times(call, n); }, 0.2 * seconds);
  const Clock::time_point start = Clock::now();
  Index runs = 0;
  double spent = 0;
  do {
    run_times(call, group);
    runs += group;
    spent = seconds_since(start);
  } while (spent < seconds);
  return static_cast<double>(runs) / spent;
}

// A thread that is done goes on until all are, so that none is measured with less company.
double rate_of(const Session& session, const Tensors& inputs, int threads, double seconds) {
  std::vector<BoundCall> calls;
  for (int i = 0; i < threads; ++i) calls.push_back(tools::bind_filled(session, inputs));
  std::vector<double> rates(calls.size());
  std::latch ready(threads);
  std::atomic<int> measuring{threads};
  std::vector<std::jthread> hosts;
  const auto host = [&](std::size_t i) {
    ready.arrive_and_wait();
    rates[i] = runs_per_second(calls[i], seconds);
    for (--measuring; measuring > 0;) run_times(calls[i], 1);
  };
  try {
    for (std::size_t i = 0; i < calls.size(); ++i) hosts.emplace_back(host, i);
  } catch (...) {  // those that were started must not wait for the others
    const int missing = threads - static_cast<int>(hosts.size());
    measuring -= missing;
    ready.count_down(missing);
    throw;
  }
  hosts.clear();
  return std::accumulate(rates.begin(), rates.end(), 0.0);
}

// The last task that begins lets all go.
struct Meeting {
  std::atomic<int> missing;
  void attend() noexcept {
    --missing;
    while (missing.load(std::memory_order_relaxed) > 0) continue;
  }
};

double loop_ns(Pool& pool, bool all_join) {
  Meeting meeting{pool.concurrency()};
  const Clock::time_point start = Clock::now();
  pool.parallel(pool.concurrency(), [&](Index) {
    if (all_join) meeting.attend();
  });
  return 1e9 * seconds_since(start);
}

// By the clock and not asleep: a caller that slept would be measured waking up itself.
void wait(int microseconds) {
  const Clock::time_point start = Clock::now();
  while (1e6 * seconds_since(start) < microseconds) continue;
}

double median_loop_ns(Pool& pool, const Handover& what, double seconds) {
  std::vector<double> times;
  loop_ns(pool, true);
  const Clock::time_point start = Clock::now();
  do {
    if (what.pause_us > 0) wait(what.pause_us);
    times.push_back(loop_ns(pool, what.all_join));
  } while (times.size() < 3 || seconds_since(start) < seconds);
  return tools::median(times);
}

}  // namespace

std::vector<HostThreads> measure_host_threads(const Model& model, const Tensors& inputs,
                                              const ThreadsOptions& options) {
  const Session session(model, {.device = options.device});
  BoundCall call = tools::bind_filled(session, inputs);
  run_checked(call);  // here, where it can still be reported
  std::vector<HostThreads> results;
  for (int n = 1; n <= options.threads; ++n) results.push_back({n, {}});
  for (int round = 0; round < options.rounds; ++round)
    for (HostThreads& result : results)
      result.runs_per_s.push_back(
          rate_of(session, inputs, result.threads, options.seconds / options.rounds));
  return results;
}

std::vector<Handover> measure_handover(const ThreadsOptions& options) {
  constexpr int kPauses[] = {0, 20, 20'000};
  std::vector<Handover> results;
  for (int n = 2; n <= options.threads; ++n)
    for (const int pause : kPauses)
      for (const bool all_join : {false, true}) results.push_back({n, pause, all_join, {}});
  for (int round = 0; round < options.rounds; ++round)
    for (Handover& result : results) {
      Pool pool(result.threads, nullptr);
      result.rounds_ns.push_back(median_loop_ns(pool, result, options.seconds / options.rounds));
    }
  return results;
}

std::vector<SessionThreads> measure_session_threads(const Model& model, const Tensors& inputs,
                                                    const ThreadsOptions& options) {
  std::vector<SessionThreads> results;
  std::vector<tools::Repeat> subjects;
  for (int n = 1; n <= options.threads; ++n) {
    const Session session(model, {.device = options.device, .threads = n});
    const auto call = std::make_shared<BoundCall>(tools::bind_filled(session, inputs));
    run_checked(*call);
    subjects.push_back([call](Index runs) { run_times(*call, runs); });
    results.push_back({n, {}});
  }
  const auto times =
      tools::measure_in_turns(subjects, {.rounds = options.rounds, .seconds = options.seconds});
  for (std::size_t i = 0; i < results.size(); ++i) results[i].rounds_ns = times[i];
  return results;
}

}  // namespace engine::bench
