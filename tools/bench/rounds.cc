#include "tools/bench/rounds.h"

#include "tools/bench/statistics.h"

namespace engine::tools {
namespace {

double median_of_turn(const Repeat& repeat, double seconds) {
  const Index runs = warm_up(repeat, 0.2 * seconds);
  std::vector<double> samples;
  double spent = 0;
  do {
    samples.push_back(sample(repeat, runs));
    spent += 1e-9 * samples.back() * static_cast<double>(runs);
  } while (spent < 0.8 * seconds);
  return median(samples);
}

}  // namespace

std::vector<std::vector<double>> measure_in_turns(const std::vector<Repeat>& subjects,
                                                  const RoundOptions& options) {
  std::vector<std::vector<double>> times(subjects.size());
  for (int round = 0; round < options.rounds; ++round) {
    if (options.before_round) options.before_round(round);
    for (std::size_t i = 0; i < subjects.size(); ++i) {
      if (options.before_turn) options.before_turn(i);
      times[i].push_back(median_of_turn(subjects[i], options.seconds / options.rounds));
      if (options.after_turn) options.after_turn(i);
    }
  }
  return times;
}

}  // namespace engine::tools
