#include "tools/bench/comparison.h"

#include "base/check.h"
#include "tools/text/table.h"
#include "tools/text/units.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace engine::tools {
namespace {

void remark_on_settings(const Recording& before, const Recording& now, Comparison& result) {
  const auto differ = [&](const char* what, const auto& a, const auto& b) {
    if (a != b) result.remarks.push_back(concat("another ", what, ": ", a, " then, ", b, " now"));
  };
  differ("subject", before.subject, now.subject);
  differ("device", before.device, now.device);
  differ("number of threads", before.threads, now.threads);
  differ("batch", before.batch, now.batch);
  constexpr double kUsual = 0.03;
  const double clock = now.peak_flops / before.peak_flops;
  if (before.peak_flops > 0 && std::abs(clock - 1) > kUsual)
    result.remarks.push_back(
        fmt::format("the machine's own peak was {} then and is {} now ({:+.0f}%): run both again "
                    "in turns before you believe changes of that size",
                    rate_text(before.peak_flops, "FLOP/s"), rate_text(now.peak_flops, "FLOP/s"),
                    100 * (clock - 1)));
}

std::string ratio_text(const Ratio& ratio) {
  return fmt::format("{:.3f} ({:.3f} - {:.3f})", ratio.value, ratio.low, ratio.high);
}

std::string names_text(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 4;
  std::string text;
  for (std::size_t i = 0; i < std::min(kShown, names.size()); ++i)
    text += (i ? ", " : "") + names[i];
  if (names.size() > kShown) text += fmt::format(" and {} more", names.size() - kShown);
  return text;
}

}  // namespace

Comparison compare(const Recording& before, const Recording& now, double least) {
  Comparison result;
  result.least = least;
  remark_on_settings(before, now, result);
  std::map<std::string_view, const RecordedEntry*> old;
  for (const RecordedEntry& entry : before.entries) old[entry.name] = &entry;
  for (const RecordedEntry& entry : now.entries) {
    const auto found = old.find(entry.name);
    if (found == old.end()) {
      result.added.push_back(entry.name);
      continue;
    }
    Change change;
    change.name = entry.name;
    change.old_ns = median(found->second->rounds_ns);
    change.new_ns = median(entry.rounds_ns);
    change.speedup = ratio_of_medians(found->second->rounds_ns, entry.rounds_ns);
    change.verdict = verdict_of(change.speedup, least);
    result.changes.push_back(std::move(change));
    old.erase(found);
  }
  for (const RecordedEntry& entry : before.entries)
    if (old.contains(entry.name)) result.gone.push_back(entry.name);
  return result;
}

double mean_speedup(const Comparison& comparison) {
  double sum = 0;
  for (const Change& change : comparison.changes) sum += std::log(change.speedup.value);
  return comparison.changes.empty()
             ? 1
             : std::exp(sum / static_cast<double>(comparison.changes.size()));
}

Json to_json(const Comparison& comparison) {
  Json changes = Json::array();
  for (const Change& change : comparison.changes)
    changes.push_back({{"name", change.name},
                       {"old_ns", change.old_ns},
                       {"new_ns", change.new_ns},
                       {"speedup", change.speedup.value},
                       {"low", change.speedup.low},
                       {"high", change.speedup.high},
                       {"verdict", to_string(change.verdict)}});
  return {{"source", comparison.source},
          {"least", comparison.least},
          {"mean_speedup", mean_speedup(comparison)},
          {"changes", changes},
          {"added", comparison.added},
          {"gone", comparison.gone},
          {"remarks", comparison.remarks}};
}

std::string to_table(const Comparison& comparison, bool all) {
  using enum Table::Align;
  Table table({{"compared", kLeft, 56},
               {"then", kRight},
               {"now", kRight},
               {"speedup (95%)", kRight},
               {"verdict", kLeft}});
  std::size_t counts[3] = {};
  for (const Change& change : comparison.changes) {
    ++counts[static_cast<std::size_t>(change.verdict)];
    if (!all && change.verdict == Verdict::kSame && &change != &comparison.changes.front())
      continue;
    table.add({change.name, duration_text(change.old_ns), duration_text(change.new_ns),
               ratio_text(change.speedup), std::string(to_string(change.verdict))});
  }
  std::string text = table.empty() ? "" : table.text();
  const auto count = [&](Verdict verdict) { return counts[static_cast<std::size_t>(verdict)]; };
  text += fmt::format(
      "{} faster, {} slower, {} the same within {:.1f}%; mean speedup {:.3f} against {}\n",
      count(Verdict::kFaster), count(Verdict::kSlower), count(Verdict::kSame),
      100 * comparison.least, mean_speedup(comparison), comparison.source);
  if (!comparison.added.empty()) text += "not there before: " + names_text(comparison.added) + "\n";
  if (!comparison.gone.empty()) text += "no longer there: " + names_text(comparison.gone) + "\n";
  for (const std::string& remark : comparison.remarks) text += remark + "\n";
  return text;
}

}  // namespace engine::tools
