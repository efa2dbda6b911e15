// Runs batches of requests on a session and splits the outputs.
#pragma once

#include "serve/core/pending.h"

#include <engine/session.h>

#include <chrono>
#include <list>
#include <span>

namespace engine::serve {

/// Where the time of a batch went.
struct RunTimes {
  std::chrono::nanoseconds input{0}, infer{0}, output{0};
};

/// One thread at a time. Inputs are copied once, into the memory of bound calls, and outputs once,
/// out of it. A batch runs in pieces of 64 rows and then of powers of two, so that few calls serve
/// all sizes of batches; the session's bits do not depend on it.
class BatchRunner {
 public:
  /// `batched`: the first axis is the batch's (`has_batch_axis`).
  BatchRunner(Session session, bool batched) : session_(std::move(session)), batched_(batched) {}

  /// One response for each request, of which only an unbatched model may get one at a time. If a
  /// run fails, the requests are run alone: who is at fault gets the failure, the others their
  /// outputs.
  std::vector<Response> run(std::span<const PendingPtr> batch, RunTimes& times) noexcept;

 private:
  struct Bound {
    std::vector<Index> shapes;
    Index rows;
    BoundCall call;
  };
  void run_whole(const Pending& pending, Response& response, RunTimes& times);
  void run_pieces(std::span<const PendingPtr> batch, std::span<Response> responses,
                  RunTimes& times);
  BoundCall& bound(const Pending& like, Index rows);

  Session session_;
  bool batched_;
  std::list<Bound> bound_;  // the last used first
};

}  // namespace engine::serve
