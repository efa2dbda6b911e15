// The search over all layers of a model at once, within a time, kept in a file as it goes.
#pragma once

#include "tools/tune/trials.h"
#include "tuning/search.h"
#include "tuning/store.h"

#include <atomic>
#include <filesystem>
#include <vector>

namespace engine::tools {

struct TuneOptions {
  std::filesystem::path file;  ///< what is known, and what becomes known
  ops::Hardware hardware;      ///< that the file is of
  double seconds = 60;
  bool again = false;  ///< forget what is known of the model's layers
};

struct TuneResult {
  std::vector<tuning::Search> layers;  ///< in the order of the model
  std::vector<bool> known;             ///< finished before
  double speedup = 1;                  ///< of the model over the defaults; 1 if nothing differs
  bool finished = false;               ///< all layers are
};

/// For people: "blocks=2 rows=6", or "defaults".
std::string to_text(const ops::Choice& choice);

/// Searches until all layers are finished, the time is over or `stop` is set, whatever comes first;
/// every step is kept in the file once it is done. What a candidate computes is compared bit for
/// bit with the defaults before it is timed. Throws Error if the file cannot be written.
TuneResult tune(const Trials& trials, const TuneOptions& options, const std::atomic<bool>& stop);

}  // namespace engine::tools
