#include "loaders/onnx/unsupported.h"

#include "base/check.h"
#include "base/text.h"
#include "loaders/onnx/microsoft.h"
#include "loaders/onnx/order.h"
#include "loaders/onnx/sequences.h"
#include "loaders/onnx/upgrade.h"
#include "ops/registry.h"

#include <algorithm>
#include <set>

namespace engine::onnx {
namespace {

struct Unknown {
  std::vector<std::string> nodes;  ///< the first few
  Index count = 0;
  bool known_to_onnx = false;  ///< ai.onnx has an operator of the same name
};
using Report = std::map<std::pair<std::string, std::string>, Unknown>;  // by domain and name

bool is_supported(std::string_view domain, std::string_view type) {
  if (domain.empty()) {
    if (type == "Constant" || type == "If" || type == "Loop" || type == "Scan") return true;
    if (is_sequence_operator(type)) return true;
    type = newest_name(type);
  }
  if (domain == "com.microsoft" && is_rewritten_microsoft(type)) return true;
  return ops::find(domain, type) != nullptr;
}

// Operators of TensorFlow that are no operators of ONNX and that converters are known to leave.
bool is_tensorflow_operator(std::string_view type) {
  constexpr const char* kFamilies[] = {"TensorList", "TensorArray",     "Stateful",
                                       "Stateless",  "PartitionedCall", "Ragged",
                                       "VarHandle",  "HashTable",       "LookupTable"};
  constexpr const char* kOthers[] = {"Bincount",       "Digamma",    "Erfc",          "Erfcinv",
                                     "Erfinv",         "Expm1",      "IsFinite",      "Lgamma",
                                     "Log1p",          "LowerBound", "MatrixInverse", "Ndtri",
                                     "ReadVariableOp", "UpperBound", "Xdivy",         "Xlogy"};
  return std::ranges::any_of(kFamilies, [&](auto* part) { return type.find(part) != type.npos; }) ||
         std::ranges::find(kOthers, type) != std::end(kOthers);
}

bool is_quantized_microsoft(std::string_view type) {
  return type.starts_with("QLinear") || type.starts_with("DynamicQuantize") ||
         type == "QAttention" || type == "QEmbedLayerNormalization" || type == "QMoE" ||
         type.starts_with("QOrdered") || type.starts_with("MatMulInteger");
}

std::string advice(const std::string& domain, const std::string& type) {
  if (type == "ZipMap") return "convert with zipmap off";
  if (domain == "com.microsoft" && is_quantized_microsoft(type))
    return "quantize with QuantFormat.QDQ";
  if (domain == "ai.onnx.preview.training" || domain == "ai.onnx.training")
    return "export the model for inference";
  if (domain != "" && domain != "ai.onnx.ml") return {};
  if (domain.empty() && is_tensorflow_operator(type))
    return "a TensorFlow operator that the converter left; convert again with a newer tf2onnx or "
           "replace the layer";
  for (const char* part : {"Sequence", "Optional"})
    if (type.find(part) != std::string::npos)
      return "sequences and optional values are not supported";
  if (type.starts_with("String") || type == "RegexFullMatch" || type == "TfIdfVectorizer")
    return "prepare text outside the model";
  if (type == "ImageDecoder") return "decode images outside the model";
  if (type.ends_with("Loss")) return "export the model for inference";
  return {};
}

// Walks all nodes with a list of its own instead of recursion; a function is entered once.
Report find_unknown(const pb::GraphProto& graph, const FunctionTable& functions) {
  constexpr std::size_t kNodesShown = 3;
  Report report;
  std::vector<const NodeList*> lists = {&graph.node()};
  std::set<const pb::FunctionProto*> entered;
  while (!lists.empty()) {
    const NodeList& nodes = *lists.back();
    lists.pop_back();
    for (const pb::NodeProto& node : nodes) {
      for (const auto& attribute : node.attribute()) {
        if (attribute.has_g()) lists.push_back(&attribute.g().node());
        for (const auto& body : attribute.graphs()) lists.push_back(&body.node());
      }
      if (const pb::FunctionProto* function = functions.find(node)) {
        if (entered.insert(function).second) lists.push_back(&function->node());
        continue;
      }
      const std::string_view domain = normal_domain(node.domain());
      if (is_supported(domain, node.op_type())) continue;
      Unknown& unknown = report[{std::string(domain), node.op_type()}];
      ++unknown.count;
      unknown.known_to_onnx = !domain.empty() && is_supported("", node.op_type());
      if (unknown.nodes.size() < kNodesShown) unknown.nodes.push_back(place(node));
    }
  }
  return report;
}

// A name without the quotes around it.
std::string bare(const std::string& name) {
  const std::string text = quote(name);
  return text.substr(1, text.size() - 2);
}

std::string full_name(const Report::key_type& key) {
  return (key.first.empty() ? "" : bare(key.first) + "::") + bare(key.second);
}

std::string describe(const Report::value_type& entry) {
  const auto& [key, unknown] = entry;
  const auto& [domain, type] = key;
  std::string text = full_name(key);
  if (unknown.known_to_onnx) text += " (not ONNX's " + bare(type) + ")";
  text += " in " + join(unknown.nodes);
  const Index more = unknown.count - static_cast<Index>(unknown.nodes.size());
  if (more > 0) text += " and " + std::to_string(more) + " more";
  const std::string hint = advice(domain, type);
  return hint.empty() ? text : text + " (" + hint + ")";
}

}  // namespace

void check_supported(const pb::GraphProto& graph, const FunctionTable& functions) {
  constexpr std::size_t kOperatorsShown = 100;
  const Report report = find_unknown(graph, functions);
  if (report.empty()) return;
  std::vector<std::string> names, lines;
  for (const auto& entry : report) {
    names.push_back(full_name(entry.first));
    if (lines.size() < kOperatorsShown) lines.push_back(describe(entry));
  }
  if (report.size() > lines.size()) lines.push_back(concat(report.size() - lines.size(), " more"));
  const bool one = report.size() == 1;
  throw UnsupportedOperators(
      concat(report.size(), one ? " unknown operator" : " unknown operators",
             " (this build cannot run ", one ? "it" : "them", "): ", join(lines, "; ")),
      std::move(names));
}

}  // namespace engine::onnx
