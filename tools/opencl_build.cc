// engine opencl-build: the programs of an OpenCL device, compiled before they are needed.
#include "tools/command.h"

#include "base/text.h"
#include "session/opencl_program.h"
#include "tools/options.h"
#include "tools/report/json.h"
#include "tools/text/print.h"
#include "tools/text/units.h"

#include <fmt/format.h>

#include <memory>

namespace engine::tools {
namespace {

struct Options {
  ProgramRequest request;
  bool json = false;
};

Json to_json(const ProgramReport& report, const ProgramRequest& request) {
  return {
      {"folder", request.folder},    {"variant", request.variant},     {"device", report.device},
      {"platform", report.platform}, {"driver", report.driver},        {"source", report.source},
      {"binary", report.binary},     {"bytes", report.bytes},          {"kernels", report.kernels},
      {"tiles", report.tiles},       {"other_bits", report.other_bits}};
}

void print_report(const ProgramReport& report, const ProgramRequest& request) {
  print("{} kernels of the variant {} in {}\n", report.kernels.size(), request.variant,
        request.folder);
  for (const auto& [family, shapes] : report.tiles)
    print("  {:10} tiles of {}\n", family, join(shapes));
  if (request.source_only)
    return print("source {}, for a vendor's compiler; --binary takes what that makes\n",
                 report.source);
  print("for {}, {}, driver {}\nbinary {}, {}, source {}\n", report.device, report.platform,
        report.driver, report.binary, bytes_text(static_cast<double>(report.bytes)), report.source);
  print("{}\n", report.other_bits.empty() ? "the device has passed its self-test with it"
                                          : "it may give other bits: " + report.other_bits);
}

int run(const Options& options) {
  const ProgramReport report = make_program(options.request);
  if (options.json) print("{}\n", to_text(to_json(report, options.request)));
  else print_report(report, options.request);
  return kGood;
}

}  // namespace

void add_opencl_build(CLI::App& app, Action& action) {
  auto options = std::make_shared<Options>();
  ProgramRequest& request = options->request;
  CLI::App* command =
      app.add_subcommand("opencl-build", "Compile all kernels for an OpenCL device beforehand");
  command->add_option("--device", request.device, "opencl, opencl:N or opencl:NAME")
      ->capture_default_str();
  command->add_option("--output", request.folder, "folder for the binary and its manifest")
      ->type_name("DIR")
      ->required();
  command
      ->add_option("--variant", request.variant,
                   "standard, or fpga: kernels for the compilers of FPGA boards")
      ->check(CLI::IsMember({"standard", "fpga"}))
      ->type_name("NAME")
      ->capture_default_str();
  command->add_flag("--source-only", request.source_only,
                    "write the text for a vendor's offline compiler; no device is needed");
  command->add_option("--binary", request.binary, "take what that compiler made of the text")
      ->type_name("FILE");
  add_json(*command, options->json);
  command->footer(
      "Example:\n"
      "  engine opencl-build --device opencl --output program\n"
      "  engine run model.onnx --random --device opencl --program program\n"
      "With --program nothing is compiled, and no cache is used. For a board:\n"
      "  engine opencl-build --variant fpga --source-only --output board\n"
      "  (the vendor's compiler: board/all.cl to all.aocx, see docs/fpga.md)\n"
      "  engine opencl-build --variant fpga --device opencl:fpga --binary all.aocx --output board");
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace engine::tools
