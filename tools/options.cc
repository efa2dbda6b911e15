#include "tools/options.h"

#include "session/device.h"

namespace engine::tools {

void add_model(CLI::App& app, std::string& model) {
  app.add_option("MODEL", model, "ONNX file")->required();
}

void add_session_options(CLI::App& app, SessionOptions& options, bool with_device) {
  if (with_device)
    app.add_option("--device", options.device,
                   "cpu, cpu:scalar, cpu:avx2, cpu:avx512, cpu:neon or reference")
        ->capture_default_str();
  app.add_option("--threads", options.threads, "threads, the calling one among them")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  app.add_option("--disable-pass", options.disabled_passes,
                 "a graph pass that must not run, as 'engine inspect' names it, or 'all'")
      ->type_name("PASS")
      ->allow_extra_args(false);
}

void check_device(const SessionOptions& options) { make_backend(options.device); }

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
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--atol", tolerance.atol, "absolute tolerance")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
}

void add_json(CLI::App& app, bool& json) { app.add_flag("--json", json, "print one JSON object"); }

}  // namespace engine::tools
