// The conversation of a peer process with bench/peers/compare.py, over standard input and output.
//   says  ready  NAME  VERSION  [NAME  VERSION]...      or  cannot  REASON
//   hears time SECONDS   says  times  NS...             medians of one run, in the order of names
//   hears outputs INDEX  says  done                     after the files of the job are written
//   hears parts SECONDS  says  parts  NAME  NS...       of the first implementation's layers
#pragma once

#include "job.h"

#include <functional>
#include <string>
#include <vector>

namespace peers {

/// Nanoseconds of a layer in one run, by the name of its node in the model.
struct Part {
  std::string name;
  double ns;
};

/// Something to time.
struct Implementation {
  std::string name;
  std::string version;
  std::function<void(long)> repeat;               ///< runs so many times
  std::function<void()> write_outputs;            ///< runs once and writes the outputs of the job
  std::function<std::vector<Part>()> parts = {};  ///< runs once and times layers, if it can
};

/// Makes an Implementation's loop from what runs once, so that the call is part of the loop.
template <class Run>
std::function<void(long)> loop(Run run) {
  return [run](long count) mutable {
    for (long i = 0; i < count; ++i) run();
  };
}

/// Reads the job that the command line names, makes what is to be timed, and answers until input
/// ends. What `make` throws becomes "cannot". Several implementations are timed in turns.
int serve(int argc, char** argv,
          const std::function<std::vector<Implementation>(const Job&)>& make);

}  // namespace peers
