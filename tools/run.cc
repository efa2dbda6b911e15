// engine run: inputs from files through a model to files or a summary.
#include "tools/command.h"

#include "tools/batches.h"
#include "tools/options.h"
#include "tools/io/npy.h"
#include "tools/report/tensor_summary.h"
#include "tools/text/print.h"

#include <engine/session.h>

#include <algorithm>
#include <filesystem>
#include <memory>

namespace engine::tools {
namespace {

struct Options {
  std::string model;
  InputOptions inputs;
  SessionOptions session;
  std::string output;
  bool json = false;
};

// Where an output goes: its name, with what would be a folder as '_'.
std::filesystem::path output_file(const std::string& folder, std::string name) {
  std::ranges::replace(name, '/', '_');
  std::ranges::replace(name, '\0', '_');
  return std::filesystem::path(folder) / (name + ".npy");
}

void make_folder(const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (!std::filesystem::is_directory(folder))
    throw Error(ErrorCode::kIo,
                "cannot make the folder '" + folder + "' (" + error.message() + ")");
}

int run(const Options& options) {
  const Model model = Model::load(options.model);
  const Session session(model, options.session);
  print_remarks(session);
  const Tensors inputs = gather_inputs(model, options.inputs);
  const Tensors outputs = run_in_batches(session, inputs, options.inputs.batch);
  print_remarks(session);  // and what its plans are short of
  if (!options.output.empty()) make_folder(options.output);
  Json list = Json::array();
  for (const TensorInfo& info : model.outputs()) {
    const Tensor& tensor = outputs.at(info.name);
    Json entry = options.json ? tensor_json(info.name, tensor) : Json();
    if (!options.output.empty()) {
      const auto file = output_file(options.output, info.name);
      write_npy(file, tensor);
      entry["file"] = file.string();
      if (!options.json) print("{}: {} -> {}\n", info.name, type_text(tensor), file.string());
    } else if (!options.json) {
      print_text(summary_text(info.name, tensor));
    }
    list.push_back(std::move(entry));
  }
  if (options.json)
    print("{}\n",
          to_text({{"model", model.name()}, {"device", session.device()}, {"outputs", list}}));
  return kGood;
}

}  // namespace

void add_run(CLI::App& app, Action& action) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("run", "Run a model on inputs from files");
  add_model(*command, options->model);
  add_input_options(*command, options->inputs);
  command->add_option("--output", options->output, "folder for NAME.npy of each output")
      ->type_name("DIR");
  add_session_options(*command, options->session);
  command
      ->add_option("--batch", options->inputs.batch,
                   "run in slices of N along the free first dimension")
      ->type_name("N")
      ->check(count_up_to(Index{1} << 40));
  add_json(*command, options->json);
  command->footer(
      "Example:\n"
      "  engine run models/jet_tagger.onnx --input jets=jets_features.npy --output scores\n"
      "writes scores/scores.npy. Without --output, a summary of each output is printed.");
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace engine::tools
