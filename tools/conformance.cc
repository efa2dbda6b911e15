// engine conformance: ONNX test cases, judged and counted.
#include "tools/command.h"

#include "base/check.h"
#include "base/text.h"
#include "tools/conformance/expectations.h"
#include "tools/conformance/judge.h"
#include "tools/conformance/placements.h"
#include "tools/io/file.h"
#include "tools/options.h"
#include "tools/report/json.h"
#include "tools/text/print.h"
#include "tools/text/progress.h"
#include "tools/text/table.h"
#include "tools/text/units.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <thread>

namespace engine::tools {
namespace {

struct Options {
  std::vector<std::string> folders;
  SessionOptions session;
  Tolerance tolerance{1e-3, 1e-7};  // those of ONNX's own test runner
  std::string expectations;
  std::string placements, expected_placements;  // files
  int jobs = 1;
  bool json = false;
};

struct Surprise {
  const CaseResult* result;
  CaseStatus expected;
};

struct Totals {
  Index passed = 0, failed = 0, errors = 0, unsupported = 0;
  std::optional<Index> on_device = {};  // of those that passed; on devices beside the CPU
  Index all() const { return passed + failed + errors + unsupported; }
  double rate() const { return all() ? double(passed) / double(all()) : 0; }
};

std::vector<CaseResult> judge_all(const std::vector<TestCase>& cases, const Options& options) {
  std::vector<CaseResult> results(cases.size());
  Progress progress("judging", cases.size());
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t i; (i = next++) < cases.size();) {
      results[i] = judge(cases[i], options.session, options.tolerance);
      progress.advance();
    }
  };
  std::vector<std::thread> others;
  for (int i = 1; i < options.jobs; ++i) others.emplace_back(work);
  work();
  for (std::thread& thread : others) thread.join();
  return results;
}

bool has_host(const SessionOptions& options) { return options.device.starts_with("opencl"); }

Totals count(const std::vector<CaseResult>& results, const SessionOptions& options) {
  Totals totals;
  if (has_host(options)) totals.on_device = std::ranges::count_if(results, ran_on_device);
  for (const CaseResult& result : results) switch (result.status) {
      case CaseStatus::kPass: ++totals.passed; break;
      case CaseStatus::kFail: ++totals.failed; break;
      case CaseStatus::kError: ++totals.errors; break;
      case CaseStatus::kUnsupported: ++totals.unsupported; break;
    }
  return totals;
}

std::vector<Surprise> find_surprises(const std::vector<CaseResult>& results,
                                     Expectations& expectations) {
  std::vector<Surprise> surprises;
  for (const CaseResult& result : results)
    if (const CaseStatus expected = expectations.expected(result); expected != result.status)
      surprises.push_back({&result, expected});
  return surprises;
}

Json to_json(const std::vector<CaseResult>& results, const Totals& totals,
             const std::optional<std::vector<Surprise>>& surprises) {
  Json cases = Json::array();
  for (const CaseResult& result : results)
    cases.push_back({{"name", result.name},
                     {"status", to_string(result.status)},
                     {"operators", result.operators},
                     {"max_abs", result.max_abs},
                     {"max_rel", result.max_rel},
                     {"max_ulp", result.max_ulp},
                     {"message", result.message}});
  if (totals.on_device)
    for (std::size_t i = 0; i < results.size(); ++i) {
      cases[i]["interpreted"] = results[i].placement.interpreted;
      cases[i]["operators_on_host"] = results[i].placement.operators;
    }
  Json json = {{"totals",
                {{"passed", totals.passed},
                 {"failed", totals.failed},
                 {"errors", totals.errors},
                 {"unsupported", totals.unsupported}}},
               {"rate", totals.rate()}};
  if (totals.on_device) json["totals"]["without_host"] = *totals.on_device;
  if (surprises) {
    Json list = Json::array();
    for (const Surprise& surprise : *surprises)
      list.push_back({{"name", surprise.result->name},
                      {"status", to_string(surprise.result->status)},
                      {"expected", to_string(surprise.expected)}});
    json["unexpected"] = std::move(list);
  }
  json["cases"] = std::move(cases);
  return json;
}

std::string detail(const CaseResult& result) {
  if (result.status != CaseStatus::kFail) return result.message;
  return fmt::format("max error {}, {} ULP; {}", number_text(result.max_abs), result.max_ulp,
                     result.message);
}

void print_report(const std::vector<CaseResult>& results, const Totals& totals,
                  const std::optional<std::vector<Surprise>>& surprises) {
  Table table({{"case"}, {"status"}, {"why", Table::Align::kLeft, 400}});
  for (const CaseResult& result : results)
    if (result.status != CaseStatus::kPass)
      table.add({result.name, to_string(result.status), detail(result)});
  if (!table.empty()) print("{}\n", table.text());
  print("{} cases: {} passed, {} failed, {} errors, {} unsupported ({:.1f}% passed)\n",
        totals.all(), totals.passed, totals.failed, totals.errors, totals.unsupported,
        100 * totals.rate());
  if (totals.on_device)
    print("{} of {} that passed ran without the host ({:.1f}%)\n", *totals.on_device, totals.passed,
          100.0 * double(*totals.on_device) / double(std::max<Index>(1, totals.passed)));
  if (!surprises) return;
  for (const Surprise& surprise : *surprises)
    print("unexpected: {} is {}, expected {}\n", surprise.result->name,
          to_string(surprise.result->status), to_string(surprise.expected));
  if (surprises->empty()) print("all as expected\n");
}

std::string text_of(const std::string& file) {
  const Bytes bytes = read_file(file);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Remarks on cases that ran on the device alone when the list was written; whether there are none.
bool keep_placements(const Options& options, const std::vector<CaseResult>& results,
                     const std::string& list) {
  const auto lost = lost_placements(list, options.expected_placements, results);
  for (const std::string& name : lost)
    remark(name + " no longer passes without the host, as " + options.expected_placements +
           " has it");
  return lost.empty();
}

int run(const Options& options) {
  ENGINE_REQUIRE(has_host(options.session) ||
                     (options.placements.empty() && options.expected_placements.empty()),
                 ErrorCode::kInvalidArgument, "device is ", quote(options.session.device),
                 " (--placements and --expect-placements say what ran without the host); "
                 "use --device opencl");
  std::optional<Expectations> expectations;
  if (!options.expectations.empty()) {
    expectations = Expectations::parse(text_of(options.expectations), options.expectations);
  }
  const std::string list =
      options.expected_placements.empty() ? "" : text_of(options.expected_placements);
  check_device(options.session);
  const std::vector<TestCase> cases = find_cases(options.folders);
  const std::vector<CaseResult> results = judge_all(cases, options);
  const Totals totals = count(results, options.session);
  std::optional<std::vector<Surprise>> surprises;
  if (expectations) surprises = find_surprises(results, *expectations);
  if (options.json) print("{}\n", to_text(to_json(results, totals, surprises)));
  else print_report(results, totals, surprises);
  if (!options.placements.empty()) write_file(options.placements, placements_text(results));
  const bool kept = options.expected_placements.empty() || keep_placements(options, results, list);
  if (!expectations) return kept && totals.failed + totals.errors == 0 ? kGood : kFailed;
  for (const std::string& name : expectations->unused())
    remark("no case is named " + name + ", of which " + options.expectations +
           " expects something");
  return kept && surprises->empty() ? kGood : kFailed;
}

}  // namespace

void add_conformance(CLI::App& app, Action& action) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("conformance", "Judge ONNX test cases: model.onnx and test_data_set_*");
  command->add_option("DIR", options->folders, "a case, or a folder of cases")->required();
  add_session_options(*command, options->session);
  add_tolerance(*command, options->tolerance);
  command
      ->add_option("--expect", options->expectations,
                   "lines 'CASE unsupported|fail|error REASON'; anything else is unexpected")
      ->type_name("FILE");
  command
      ->add_option("--placements", options->placements,
                   "write which cases ran without the host, as CSV")
      ->type_name("FILE");
  command
      ->add_option("--expect-placements", options->expected_placements,
                   "such a file; cases that ran without the host must still do so")
      ->type_name("FILE");
  command->add_option("--jobs", options->jobs, "cases judged at once")
      ->check(count_up_to(1024))
      ->capture_default_str();
  add_json(*command, options->json);
  command->footer(
      "Example:\n"
      "  engine conformance /usr/share/libonnx-testdata/data/node --device cpu:avx2\n"
      "Exit code 0 only if nothing failed or errored; with --expect, if all is as expected;\n"
      "with --expect-placements, if no case fell back to the host.");
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace engine::tools
