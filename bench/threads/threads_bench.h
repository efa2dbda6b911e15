// What threads bring and cost: a host's threads on one session, and a session's own.
#pragma once

#include <engine/session.h>

#include <vector>

namespace engine::bench {

struct ThreadsOptions {
  std::string device = "cpu";
  int threads = 2;       ///< the most of any measurement
  int rounds = 5;        ///< turns that each measurement gets
  double seconds = 1.0;  ///< for each measurement, over all rounds
};

/// Threads of a host, each with a bound call of its own on one shared session.
struct HostThreads {
  int threads = 1;
  std::vector<double> runs_per_s;  ///< of all threads together, by round
};

/// For 1, 2, ... threads, in turns. Throws Error.
std::vector<HostThreads> measure_host_threads(const Model& model, const Tensors& inputs,
                                              const ThreadsOptions& options);

/// A parallel loop of one task for each thread.
struct Handover {
  int threads = 2;
  int pause_us = 0;       ///< since the loop before; long ones let the workers sleep
  bool all_join = false;  ///< each task waits until all have begun; else tasks do nothing
  std::vector<double> rounds_ns;
};

/// For pools of 2, 3, ... threads, in turns.
std::vector<Handover> measure_handover(const ThreadsOptions& options);

/// A bound call on a session's own threads.
struct SessionThreads {
  int threads = 1;
  std::vector<double> rounds_ns;
};

/// For sessions of 1, 2, ... threads, in turns. Throws Error.
std::vector<SessionThreads> measure_session_threads(const Model& model, const Tensors& inputs,
                                                    const ThreadsOptions& options);

}  // namespace engine::bench
