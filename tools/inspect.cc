// engine inspect: what is in a model, what it costs, what becomes of it.
#include "tools/command.h"

#include "graph/passes/passes.h"
#include "loaders/onnx/load.h"
#include "tools/inspect/costs.h"
#include "tools/inspect/drawing.h"
#include "tools/inspect/outline.h"
#include "tools/io/file.h"
#include "tools/options.h"
#include "tools/report/json.h"
#include "tools/shapes.h"
#include "tools/text/print.h"
#include "tools/text/table.h"
#include "tools/text/units.h"

#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <optional>

namespace engine::tools {
namespace {

struct Options {
  std::string model, svg;
  std::vector<std::string> dims, disabled_passes;
  Index batch = 1;
  bool json = false, optimized = false;
};

struct Inspection {
  std::string name;
  Outline outline;
  std::vector<std::string> unsupported;
  std::string refusal;  // why the model cannot be loaded, if it cannot
  std::optional<onnx::LoadedModel> loaded;
  std::optional<GraphCosts> costs;
  std::map<std::string, Shape> shapes;  // of the inputs, for the costs
  std::vector<graph::PassReport> passes;
  graph::Graph optimized;
};

void find_costs(Inspection& inspection, const Options& options) {
  try {
    const FreeDimensions dimensions(inspection.loaded->inputs, {}, options.dims, options.batch);
    for (const TensorInfo& info : inspection.loaded->inputs)
      if (info.ranked) inspection.shapes[info.name] = dimensions.shape_of(info);
    dimensions.remark_on_guesses();
    graph::Graph graph = inspection.optimized;
    inspection.costs = costs_of(graph, inspection.shapes);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kInvalidArgument) throw;
    remark(std::string("costs are unknown: ") + error.what());
  }
}

Inspection inspect(const Options& options) {
  Inspection inspection;
  inspection.name = std::filesystem::path(options.model).filename();
  inspection.outline = outline_of(options.model);
  try {
    inspection.loaded = onnx::load_file(options.model, {});
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kUnsupported) throw;
    inspection.refusal = error.what();
    if (const auto* missing = dynamic_cast<const UnsupportedOperators*>(&error))
      inspection.unsupported = missing->operators();
    return inspection;
  }
  inspection.optimized = inspection.loaded->graph;
  inspection.passes = graph::run_passes(inspection.optimized, options.disabled_passes);
  find_costs(inspection, options);
  return inspection;
}

Json info_json(const TensorInfo& info) {
  Json shape = Json::array();
  for (const Dimension& dimension : info.shape) {
    if (!dimension.free()) shape.push_back(dimension.size);
    else shape.push_back(dimension.name.empty() ? Json() : Json(dimension.name));
  }
  return {{"name", info.name},
          {"dtype", to_string(info.dtype)},
          {"shape", info.ranked ? shape : Json()},
          {"optional", info.optional}};
}

Json infos_json(const std::vector<TensorInfo>& infos) {
  Json list = Json::array();
  for (const TensorInfo& info : infos) list.push_back(info_json(info));
  return list;
}

void add_loaded(const Inspection& inspection, Json& json) {
  json["inputs"] = infos_json(inspection.loaded->inputs);
  json["outputs"] = infos_json(inspection.loaded->outputs);
  json["warnings"] = inspection.loaded->warnings;
  if (inspection.costs) {
    json["flops"] = inspection.costs->flops;
    json["memory"] = {{"weight_bytes", inspection.costs->weight_bytes},
                      {"activation_bytes", inspection.costs->activation_bytes}};
    json["nodes_of_unknown_cost"] = inspection.costs->unknown_nodes;
    json["shapes"] = inspection.shapes;
  }
  Json passes = Json::array();
  for (const graph::PassReport& pass : inspection.passes)
    passes.push_back({{"name", pass.name},
                      {"doc", pass.doc},
                      {"changes", pass.changes},
                      {"ms", pass.ms},
                      {"enabled", pass.enabled}});
  json["passes"] = std::move(passes);
  json["nodes_after_passes"] = inspection.optimized.nodes.size();
}

Json to_json(const Inspection& inspection) {
  const Outline& outline = inspection.outline;
  Json json = {{"model", inspection.name},         {"producer", outline.producer},
               {"ir_version", outline.ir_version}, {"opsets", outline.opsets},
               {"metadata", outline.metadata},     {"nodes", outline.nodes},
               {"operators", outline.operators},   {"functions", outline.functions},
               {"parameters", outline.parameters}, {"unsupported", inspection.unsupported}};
  if (inspection.loaded) add_loaded(inspection, json);
  else json["message"] = inspection.refusal;
  return json;
}

void print_infos(const char* title, const std::vector<TensorInfo>& infos) {
  Table table({{title, Table::Align::kLeft, 80}, {""}, {""}});
  for (const TensorInfo& info : infos)
    table.add({"  " + info.name, to_string(info), info.optional ? "has a default" : ""});
  print("{}\n", table.text());
}

std::string shapes_text(const std::map<std::string, Shape>& shapes) {
  std::string text;
  for (const auto& [name, shape] : shapes)
    text += (text.empty() ? "" : ", ") + name + " " + to_string(shape);
  return text;
}

void print_outline(const Inspection& inspection) {
  const Outline& outline = inspection.outline;
  print("{}\n", inspection.name);
  if (!outline.producer.empty()) print("  producer    {}\n", outline.producer);
  print("  ir version  {}\n", outline.ir_version);
  for (const auto& [domain, version] : outline.opsets)
    print("  opset       {} {}\n", domain, version);
  for (const auto& [key, value] : outline.metadata)
    print("  metadata    {}: {}\n", key, shortened(value, 100));
  print("  parameters  {} in {} tensors\n", count_text(static_cast<double>(outline.parameters)),
        outline.tensors);
  if (!inspection.costs) return print_text("\n");
  const GraphCosts& costs = *inspection.costs;
  print("  weights     {}\n", bytes_text(static_cast<double>(costs.weight_bytes)));
  print("  activations {} at once\n", bytes_text(static_cast<double>(costs.activation_bytes)));
  print("  work        {} a run{}\n  for         {}\n\n",
        rate_text(static_cast<double>(costs.flops), "FLOP"),
        costs.unknown_nodes
            ? fmt::format(", {} nodes of unknown cost left out", costs.unknown_nodes)
            : "",
        shapes_text(inspection.shapes));
}

void print_passes(const Inspection& inspection) {
  using enum Table::Align;
  Table table({{"pass"}, {"changes", kRight}, {"ms", kRight}, {"what it does", kLeft, 90}});
  for (const graph::PassReport& pass : inspection.passes)
    table.add({pass.name, pass.enabled ? std::to_string(pass.changes) : "off",
               fmt::format("{:.2f}", pass.ms), pass.doc});
  print("{}\n{} nodes in the file, {} after the passes\n", table.text(), inspection.outline.nodes,
        inspection.optimized.nodes.size());
}

void print_inspection(const Inspection& inspection) {
  print_outline(inspection);
  if (inspection.loaded) {
    print_infos("inputs", inspection.loaded->inputs);
    print_infos("outputs", inspection.loaded->outputs);
  }
  Table operators({{"operator"}, {"nodes", Table::Align::kRight}});
  for (const auto& [name, count] : inspection.outline.operators)
    operators.add({name, std::to_string(count)});
  print("{}\n", operators.text());
  if (!inspection.loaded) {
    print("UNSUPPORTED: {}\n", inspection.refusal);
    return;
  }
  print_passes(inspection);
  for (const std::string& warning : inspection.loaded->warnings) print("note: {}\n", warning);
}

int run(const Options& options) {
  const Inspection inspection = inspect(options);
  if (options.json) print("{}\n", to_text(to_json(inspection)));
  else print_inspection(inspection);
  if (options.svg.empty()) return kGood;
  if (!inspection.loaded)
    throw Error(ErrorCode::kUnsupported, "no drawing (" + inspection.refusal + ")");
  const graph::Graph& graph = options.optimized ? inspection.optimized : inspection.loaded->graph;
  write_file(options.svg, draw(graph, inspection.name));
  return kGood;
}

}  // namespace

void add_inspect(CLI::App& app, Action& action) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("inspect", "Show what is in a model and what it costs");
  add_model(*command, options->model);
  command->add_option("--svg", options->svg, "write a drawing of the graph")->type_name("FILE");
  command->add_flag("--optimized", options->optimized, "draw the graph as the passes leave it");
  command->add_option("--batch", options->batch, "free first dimensions, for costs")
      ->type_name("N")
      ->check(count_up_to(Index{1} << 40))
      ->capture_default_str();
  command->add_option("--dim", options->dims, "extent of another free dimension, for costs")
      ->type_name("NAME=N")
      ->allow_extra_args(false);
  command
      ->add_option("--disable-pass", options->disabled_passes, "a pass that must not run, or 'all'")
      ->type_name("PASS")
      ->allow_extra_args(false);
  add_json(*command, options->json);
  command->footer("Example:\n  engine inspect models/jet_tagger.onnx --svg jet_tagger.svg");
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace engine::tools
