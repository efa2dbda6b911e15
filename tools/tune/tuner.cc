#include "tools/tune/tuner.h"

#include "tools/text/print.h"
#include "tools/text/progress.h"

#include <algorithm>
#include <chrono>

namespace engine::tools {
namespace {

using tuning::Entries;
using tuning::Search;

Entries known_entries(const TuneOptions& options) {
  tuning::StoredEntries stored = tuning::load_entries(options.file);
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
};

void judge(std::vector<Search>& layers, const TrialResult& result, Progress& progress) {
  for (Search& search : layers) {
    if (search.finished()) continue;
    const Index before = search.entry().steps;
    search.judge(result.layers.at(search.layer()));
    progress.advance(static_cast<std::size_t>(search.entry().steps - before));
  }
}

void save(const std::vector<Search>& layers, const TuneOptions& options) {
  Entries entries;
  for (const Search& search : layers) entries[search.layer()] = search.entry();
  tuning::save_entries(options.file, entries);
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
    const Sides sides(layers);
    const auto result = trials.compare(sides.incumbents, sides.challengers, stop);
    if (!result) return;
    judge(layers, *result, progress);
    save(layers, options);
  }
}

}  // namespace

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
