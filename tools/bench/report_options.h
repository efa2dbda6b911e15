// What both benchmarks do with their result: hold it against an old one, write a page.
#pragma once

#include "tools/report/bench_page.h"

#include <CLI/CLI.hpp>

#include <optional>
#include <string>
#include <vector>

namespace engine::tools {

struct ReportOptions {
  std::string compare, html, peers;
  double least = 0;
};

/// --compare, --least (with its default), --html, --peers.
void add_report_options(CLI::App& app, ReportOptions& options, double least);

/// The files that the options name, read before anything is measured.
class ReportInputs {
 public:
  /// Throws Error if a file cannot be read or is not what it must be.
  explicit ReportInputs(const ReportOptions& options);

  /// Compares `report`, which a recording can be read from, adds "comparison" to it, and writes
  /// the page. Each only if it was asked for.
  void finish(Json& report, BenchPage page);

  /// `all`: also what did not change.
  void print_comparison(bool all) const;

 private:
  const ReportOptions& options_;
  std::optional<Recording> before_;
  std::vector<PeerRatio> peers_;
  std::optional<Comparison> comparison_;
};

}  // namespace engine::tools
