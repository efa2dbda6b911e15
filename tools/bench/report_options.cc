#include "tools/bench/report_options.h"

#include "tools/io/file.h"
#include "tools/options.h"
#include "tools/text/print.h"

namespace engine::tools {

void add_report_options(CLI::App& app, ReportOptions& options, double least) {
  options.least = least;
  app.add_option("--compare", options.compare,
                 "JSON of an earlier run: print ratios with intervals and a verdict")
      ->type_name("OLD.json");
  app.add_option("--least", options.least,
                 "the smallest difference that --compare takes for one, 0.01 being 1%")
      ->check(number_between(0, 10))
      ->capture_default_str();
  app.add_option("--html", options.html, "write a page with roofline, times and comparison")
      ->type_name("FILE");
  app.add_option("--peers", options.peers, "ratios to other engines (bench/peers), for the page")
      ->type_name("FILE")
      ->needs("--html");
}

ReportInputs::ReportInputs(const ReportOptions& options) : options_(options) {
  if (!options.compare.empty()) before_ = read_recording(options.compare);
  if (!options.peers.empty()) peers_ = read_peers(options.peers);
}

void ReportInputs::finish(Json& report, BenchPage page) {
  if (before_) {
    comparison_ = compare(*before_, parse_recording(to_text(report), "this run"), options_.least);
    comparison_->source = options_.compare;
    report["comparison"] = to_json(*comparison_);
  }
  if (options_.html.empty()) return;
  page.comparison = comparison_;
  page.peers = peers_;
  write_file(options_.html, to_html(page));
}

void ReportInputs::print_comparison(bool all) const {
  if (comparison_) print("\n{}", to_table(*comparison_, all));
}

}  // namespace engine::tools
