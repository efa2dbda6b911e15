#include "tools/inspect/outline.h"

#include "base/shape.h"
#include "base/text.h"
#include "loaders/onnx/parse.h"

#include <engine/model.h>

namespace engine::tools {
namespace {

using namespace onnx;

std::string full_name(const std::string& domain, const std::string& name) {
  return domain.empty() || domain == "ai.onnx" ? name : domain + "::" + name;
}

// Walks bodies with a list of its own: how deep they nest is up to the file.
void count_nodes(const pb::GraphProto& graph, Outline& outline) {
  std::vector<const pb::GraphProto*> graphs = {&graph};
  while (!graphs.empty()) {
    const pb::GraphProto& current = *graphs.back();
    graphs.pop_back();
    for (const pb::NodeProto& node : current.node()) {
      ++outline.nodes;
      ++outline.operators[full_name(node.domain(), node.op_type())];
      for (const auto& attribute : node.attribute()) {
        if (attribute.has_g()) graphs.push_back(&attribute.g());
        for (const auto& body : attribute.graphs()) graphs.push_back(&body);
      }
    }
    for (const auto& tensor : current.initializer()) {
      ++outline.tensors;
      const Shape shape(tensor.dims().begin(), tensor.dims().end());
      outline.parameters += checked_count(shape).value_or(0);
    }
  }
}

std::unique_ptr<pb::ModelProto> parse(const std::filesystem::path& file) {
  try {
    return onnx::parse_file(file, LoadOptions{}.max_depth);
  } catch (const Error& error) {
    const std::string what = error.what();
    const std::string name = "model " + quote(file.filename().string());
    throw Error(error.code(), what.find(file.filename()) == what.npos ? name + ": " + what : what);
  }
}

}  // namespace

Outline outline_of(const std::filesystem::path& file) {
  const auto model = parse(file);
  Outline outline;
  outline.producer = model->producer_name();
  if (!model->producer_version().empty()) outline.producer += " " + model->producer_version();
  outline.ir_version = model->ir_version();
  for (const auto& opset : model->opset_import())
    outline.opsets[opset.domain().empty() ? "ai.onnx" : opset.domain()] = opset.version();
  for (const auto& entry : model->metadata_props()) outline.metadata[entry.key()] = entry.value();
  outline.functions = model->functions_size();
  count_nodes(model->graph(), outline);
  return outline;
}

}  // namespace engine::tools
