#include "loaders/onnx/load.h"

#include "base/text.h"
#include "loaders/onnx/declared.h"
#include "loaders/onnx/graph_builder.h"
#include "loaders/onnx/parse.h"
#include "loaders/onnx/unsupported.h"

#include <algorithm>
#include <new>

namespace engine::onnx {
namespace {

constexpr Index kNewestIrVersion = 14;
constexpr Index kFirstIrWithFreeInitializers = 4;

void check_header(const pb::ModelProto& proto, LoadedModel& model) {
  ENGINE_VALIDATE(proto.has_graph(), "the model has no graph");
  ENGINE_VALIDATE(
      proto.opset_import_size() > 0,
      "no opset import for the default domain (nothing says which operators are meant)");
  model.ir_version = proto.ir_version();
  if (model.ir_version > kNewestIrVersion)
    model.warnings.push_back(concat("IR version ", model.ir_version,
                                    " is newer than known (newest known is ", kNewestIrVersion,
                                    ")"));
  model.opsets = [&] {
    const Opsets opsets = read_opsets(proto.opset_import(), model.warnings);
    return std::map<std::string, Index>(opsets.begin(), opsets.end());
  }();
  for (const auto& entry : proto.metadata_props()) model.metadata[entry.key()] = entry.value();
  model.producer = proto.producer_name();
  if (!proto.producer_version().empty()) model.producer += " " + proto.producer_version();
}

// Since IR 4 an initializer that is an input too is a default which a caller may replace. Before,
// all initializers had to be inputs: that says nothing, and they are constants.
void add_inputs(Scope& scope, pb::GraphProto& proto, LoadedModel& model) {
  std::unordered_map<std::string_view, pb::TensorProto*> initializers;
  for (pb::TensorProto& tensor : *proto.mutable_initializer())
    initializers[tensor.name()] = &tensor;
  GraphBuilder& builder = scope.builder;
  std::unordered_map<std::string_view, bool> seen;
  for (const pb::ValueInfoProto& info : proto.input()) {
    const std::string name = quote(info.name());
    ENGINE_VALIDATE(!info.name().empty(), "a graph input has no name");
    ENGINE_VALIDATE(seen.emplace(info.name(), true).second, "graph input ", name, " appears twice");
    const auto given = initializers.find(info.name());
    if (given != initializers.end() && model.ir_version < kFirstIrWithFreeInitializers) continue;
    check_name(info.name());
    TensorType type = input_type(info, "graph input");
    // A default may be broadcast: its free extents need not be those of other inputs.
    if (given != initializers.end())
      for (Dim& dim : type.dims)
        if (!dim.known()) dim = Dim::unknown();
    TensorInfo& declared = model.inputs.emplace_back(tensor_info(info, type));
    scope.values.emplace(info.name(), builder.add_input(info.name(), type));
    if (given == initializers.end()) continue;
    declared.optional = true;
    try {
      const Tensor tensor = builder.state().tensors.read(*given->second);
      const std::string text = contradiction(type, TensorType(tensor.dtype(), tensor.shape()));
      ENGINE_VALIDATE(text.empty(), "the input ", text);
      model.defaults.emplace(info.name(), tensor);
    } catch (const Error& error) {
      fail(error.code(), "initializer ", name, ": ", error.what());
    }
  }
}

LoadedModel build(std::unique_ptr<pb::ModelProto> proto, const LoadOptions& options,
                  const ExternalFolder* folder) {
  constexpr int kDeepest = 200;  // of the builder's own recursion, whatever the options say
  LoadedModel model;
  check_header(*proto, model);
  LoadState state{.tensors = TensorReader(options.max_bytes, folder),
                  .functions = FunctionTable(*proto->mutable_functions()),
                  .max_depth = std::min(options.max_depth, kDeepest)};
  check_supported(proto->graph(), state.functions);
  const Opsets opsets(model.opsets.begin(), model.opsets.end());
  GraphBuilder builder(state);
  Scope scope{.builder = builder, .opsets = opsets};
  pb::GraphProto& graph = *proto->mutable_graph();
  add_inputs(scope, graph, model);
  builder.add_contents(scope, graph);
  model.graph = std::move(builder.graph());
  for (int i = 0; i < graph.output_size(); ++i) {
    const graph::ValueId id = model.graph.outputs[static_cast<std::size_t>(i)];
    model.outputs.push_back(tensor_info(graph.output(i), model.graph.value(id).type));
  }
  ENGINE_VALIDATE(!model.outputs.empty(), "the graph has no output");
  std::ranges::move(state.warnings, std::back_inserter(model.warnings));
  if (state.dropped_warnings > 0)
    model.warnings.push_back(concat(state.dropped_warnings, " more warnings"));
  return model;
}

template <class Load>
LoadedModel without_surprises(const std::string& name, const Load& load) {
  try {
    return load();
  } catch (const UnsupportedOperators& error) {
    throw UnsupportedOperators(name + ": " + error.what(), error.operators());
  } catch (const Error& error) {
    fail(error.code(), name, ": ", error.what());
  } catch (const std::bad_alloc&) {
    fail(ErrorCode::kResourceExhausted, name, ": no memory to load the model");
  } catch (const std::length_error&) {
    fail(ErrorCode::kResourceExhausted, name, ": no memory to load the model");
  }
}

}  // namespace

LoadedModel load_file(const std::filesystem::path& file, const LoadOptions& options) {
  return without_surprises("model " + quote(file.filename().string()), [&] {
    auto proto = parse_file(file, options.max_depth);
    const ExternalFolder folder(file.parent_path());
    return build(std::move(proto), options, &folder);
  });
}

LoadedModel load_bytes(std::span<const std::byte> bytes, const LoadOptions& options) {
  return without_surprises(
      "model", [&] { return build(parse_bytes(bytes, options.max_depth), options, nullptr); });
}

Tensor load_tensor(std::span<const std::byte> bytes) {
  TensorReader reader(LoadOptions().max_bytes, nullptr);
  return reader.read(*parse_tensor(bytes));
}

}  // namespace engine::onnx
