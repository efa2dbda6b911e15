#include "tools/options.h"

#include "session/device.h"
#include "tools/text/print.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

namespace engine::tools {

CLI::Validator count_up_to(Index largest) {
  return {[largest](std::string& text) -> std::string {
            Index value = 0;
            if (CLI::detail::lexical_cast(text, value) && value >= 1 && value <= largest) return {};
            return fmt::format("'{}' is no whole number from 1 to {}", text, largest);
          },
          ""};
}

CLI::Validator number_between(double low, double high) {
  return {[low, high](std::string& text) -> std::string {
            double value = 0;
            if (CLI::detail::lexical_cast(text, value) && value >= low && value <= high) return {};
            if (high >= 1e300) return fmt::format("'{}' is no finite number from {} up", text, low);
            return fmt::format("'{}' is no number from {} to {}", text, low, high);
          },
          ""};
}

// Digits and a unit, to bytes: "4GB" as well as "4GiB" is 4 * 2^30.
CLI::Validator memory_size() {
  return {[](std::string& text) -> std::string {
            constexpr std::pair<std::string_view, int> kUnits[] = {
                {"", 0},    {"B", 0},    {"KB", 10},  {"MB", 20},  {"GB", 30},
                {"TB", 40}, {"KiB", 10}, {"MiB", 20}, {"GiB", 30}, {"TiB", 40}};
            const std::string problem =
                fmt::format("'{}' is no size (digits and a unit, such as 512MB or 4GB)", text);
            std::uint64_t value = 0;
            const char* end = text.data() + text.size();
            const auto [at, error] = std::from_chars(text.data(), end, value);
            const std::string_view unit(at, static_cast<std::size_t>(end - at));
            const auto found =
                std::ranges::find(kUnits, unit, &std::pair<std::string_view, int>::first);
            if (error != std::errc() || found == std::end(kUnits) || value == 0 ||
                value > (std::uint64_t{1} << 62) >> found->second)
              return problem;
            text = std::to_string(value << found->second);
            return {};
          },
          ""};
}

void add_model(CLI::App& app, std::string& model) {
  app.add_option("MODEL", model, "ONNX file")->required();
}

void add_program(CLI::App& app, std::string& program) {
  app.add_option("--program", program,
                 "folder of 'engine opencl-build': the OpenCL device compiles nothing")
      ->type_name("DIR");
}

void add_session_options(CLI::App& app, SessionOptions& options, bool with_device) {
  if (with_device)
    app.add_option("--device", options.device,
                   "cpu, cpu:scalar, cpu:avx2, cpu:avx512, cpu:neon, opencl, opencl:N, opencl:NAME "
                   "or reference")
        ->capture_default_str();
  if (with_device) add_program(app, options.program);
  if (with_device)
    app.add_option("--spare", options.spare, "device for runs that the device itself fails, as cpu")
        ->type_name("DEVICE");
  app.add_option("--threads", options.threads, "threads, the calling one among them")
      ->check(count_up_to(1024))
      ->capture_default_str();
  app.add_option("--memory", options.max_bytes, "memory that one run may take, such as 4GB")
      ->transform(memory_size())
      ->default_str("2GB")
      ->type_name("SIZE");
  app.add_option("--tuning", options.tuning, "auto, off, or a file of 'engine tune'")
      ->type_name("FILE")
      ->capture_default_str();
  app.add_option("--disable-pass", options.disabled_passes,
                 "a graph pass that must not run, as 'engine inspect' names it, or 'all'")
      ->type_name("PASS")
      ->allow_extra_args(false);
}

void check_device(const SessionOptions& options) { make_backend(options.device, options.program); }

void add_input_options(CLI::App& app, InputOptions& options) {
  app.add_option(
         "--input", options.files,
         "value of an input: .npy, .npz[:MEMBER], .pb or .csv; NAME= may be left out if the "
         "model has one input")
      ->type_name("NAME=FILE")
      ->allow_extra_args(false);
  // Taken as positional, so that a MODEL behind --input is not swallowed; "" hides it from --help.
  app.add_option("FILES", options.more)->group("");
  app.add_flag("--random{1}", options.random, "fill missing inputs at random, from a seed")
      ->type_name("[=SEED]");
  app.add_option("--dim", options.dims, "extent of a free dimension (or INPUT:AXIS=N), if random")
      ->type_name("NAME=N")
      ->allow_extra_args(false);
}

void add_tolerance(CLI::App& app, Tolerance& tolerance) {
  app.add_option("--rtol", tolerance.rtol, "relative tolerance")
      ->check(number_between(0, 1e300))
      ->capture_default_str();
  app.add_option("--atol", tolerance.atol, "absolute tolerance")
      ->check(number_between(0, 1e300))
      ->capture_default_str();
}

void print_remarks(const Session& session) {
  static std::set<std::string> printed;
  for (const std::string& text : session.remarks())
    if (printed.insert(text).second) remark(text);
}

void add_json(CLI::App& app, bool& json) { app.add_flag("--json", json, "print one JSON object"); }

}  // namespace engine::tools
