#include "tools/tune/tuner.h"

#include "base/text.h"
#include "tools/text/print.h"
#include "tools/text/progress.h"

#include <algorithm>
#include <chrono>

namespace engine::tools {
namespace {

using tuning::Entries;
using tuning::Search;

Entries known_entries(const TuneOptions& options) {
  tuning::StoredEntries stored = tuning::load_entries(options.file, options.hardware);
  if (!stored.remark.empty()) remark(stored.remark);
  return options.again ? Entries() : std::move(stored.entries);
}

bool all_finished(const std::vector<Search>& layers) {
  return std::ranges::all_of(layers, &Search::finished);
}

// The two sides of the next step of every layer; what is finished is the same on both.
struct Sides {
  ops::TuningTable incumbents, challengers;

  explicit Sides(const std::vector<Search>& layers) {
    for (const Search& search : layers) {
      const bool done = search.finished();
      incumbents[search.layer()] = done ? search.entry().choice : search.incumbent();
      challengers[search.layer()] = done ? search.entry().choice : search.challenger();
    }
  }

  void refuse(const std::string& layer) {
    remark("left out, since it fails or gives other bits than the defaults (please report it): " +
           layer + " with " + to_text(challengers.at(layer)));
    challengers.at(layer) = incumbents.at(layer);
  }
};

// What is wrong is never faster.
void judge(std::vector<Search>& layers, const TrialResult& result,
           const std::set<std::string>& wrong, Progress& progress) {
  for (Search& search : layers) {
    if (search.finished()) continue;
    const Index before = search.entry().steps;
    const bool refused = !result.equal_bits || wrong.contains(search.layer());
    search.judge(refused ? 0 : result.layers.at(search.layer()));
    progress.advance(static_cast<std::size_t>(search.entry().steps - before));
  }
}

void save(const std::vector<Search>& layers, const TuneOptions& options) {
  Entries entries;
  for (const Search& search : layers) entries[search.layer()] = search.entry();
  tuning::save_entries(options.file, options.hardware, entries);
}

void search_all(const Trials& trials, const TuneOptions& options, const std::atomic<bool>& stop,
                std::vector<Search>& layers) {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::duration<double>(options.seconds);
  std::size_t steps = 0;
  for (const Search& search : layers)
    steps += static_cast<std::size_t>(search.steps() - search.entry().steps);
  Progress progress("tuning", steps);
  while (!all_finished(layers) && Clock::now() < end) {
    Sides sides(layers);
    const std::set<std::string> wrong = trials.with_other_bits(sides.challengers);
    for (const std::string& layer : wrong) sides.refuse(layer);
    const auto result = trials.compare(sides.incumbents, sides.challengers, stop);
    if (!result) return;
    if (!result->equal_bits)
      remark(
          "left out, since they give outputs with other bits (please report it): the candidates "
          "of a step");
    judge(layers, *result, wrong, progress);
    save(layers, options);
  }
}

}  // namespace

std::string to_text(const ops::Choice& choice) {
  std::string text;
  for (const auto& [name, value] : choice) text += concat(" ", name, "=", value);
  return text.empty() ? "defaults" : text.substr(1);
}

TuneResult tune(const Trials& trials, const TuneOptions& options, const std::atomic<bool>& stop) {
  const Entries known = known_entries(options);
  TuneResult result;
  for (const ops::Tunable& layer : trials.layers()) {
    const auto entry = known.find(layer.layer);
    result.layers.emplace_back(layer, entry == known.end() ? tuning::Entry() : entry->second);
    result.known.push_back(result.layers.back().finished());
  }
  if (result.layers.empty()) {
    result.finished = true;
    return result;
  }
  save(result.layers, options);  // a file that cannot be written is known before measuring
  search_all(trials, options, stop, result.layers);
  result.finished = all_finished(result.layers);
  ops::TuningTable table;
  for (const Search& search : result.layers)
    if (!search.entry().choice.empty()) table[search.layer()] = search.entry().choice;
  if (!table.empty() && !stop)
    if (const auto whole = trials.compare({}, table, stop)) result.speedup = whole->whole;
  return result;
}

}  // namespace engine::tools
