#include "tools/conformance/judge.h"

#include "base/check.h"
#include "base/text.h"
#include "tools/report/tensor_summary.h"
#include "tools/text/units.h"

#include <algorithm>
#include <memory>

namespace engine::tools {
namespace {

// ONNX before 1.13 wrote bfloat16 into test data as uint16 with the same bits.
Tensor as_type(Tensor tensor, DType wanted) {
  if (tensor.dtype() != DType::kUInt16 || wanted != DType::kBFloat16) return tensor;
  const auto owner = std::make_shared<Tensor>(tensor);
  return Tensor::wrap(wanted, tensor.shape(), tensor.data(), owner);
}

// Files number the inputs that have no default; old models list their weights as inputs too, and
// some data sets give those as well.
Tensors name_inputs(const Model& model, std::vector<Tensor> given) {
  std::vector<const TensorInfo*> required, all;
  for (const TensorInfo& info : model.inputs()) {
    all.push_back(&info);
    if (!info.optional) required.push_back(&info);
  }
  const auto& infos = given.size() <= required.size() ? required : all;
  ENGINE_REQUIRE(given.size() <= infos.size(), ErrorCode::kInvalidArgument, "the data set has ",
                 given.size(), " inputs, the model ", infos.size());
  Tensors inputs;
  for (std::size_t i = 0; i < given.size(); ++i)
    if (given[i].defined()) inputs[infos[i]->name] = as_type(std::move(given[i]), infos[i]->dtype);
  return inputs;
}

std::string describe(const Difference& d, const Tensor& got, const Tensor& expected) {
  const std::string head = concat(d.mismatches, " of ", d.count, " elements differ; ");
  if (got.dtype() == DType::kString) {
    const auto [a, b] = std::ranges::mismatch(got.strings(), expected.strings());
    return concat(head, "the first, element ", a - got.strings().begin(), ", is ", quote(*a),
                  " instead of ", quote(*b));
  }
  return concat(head, "the worst, element ", d.worst, ", is ", number_text(d.worst_a),
                " instead of ", number_text(d.worst_b));
}

class Judge {
 public:
  Judge(CaseResult& result, const Tolerance& tolerance) : result_(result), tolerance_(tolerance) {}

  void add(const std::string& where, const Tensor& got, const Tensor& file) {
    const Tensor expected = as_type(file, got.dtype());
    if (got.dtype() != expected.dtype() || got.shape() != expected.shape()) {
      object(where + ": is " + type_text(got) + " instead of " + type_text(expected));
      return;
    }
    const Difference d = compare(got, expected, tolerance_);
    result_.max_abs = std::max(result_.max_abs, d.max_abs);
    result_.max_rel = std::max(result_.max_rel, d.max_rel);
    result_.max_ulp = std::max(result_.max_ulp, d.max_ulp);
    if (!d.within()) object(where + ": " + describe(d, got, expected));
  }

 private:
  void object(const std::string& what) {
    result_.status = CaseStatus::kFail;
    if (result_.message.empty()) result_.message = what;
  }
  CaseResult& result_;
  Tolerance tolerance_;
};

void run_case(const TestCase& test_case, const SessionOptions& options, Judge& judge,
              Placement& placement) {
  const Model model = Model::load(test_case.folder / "model.onnx");
  const Session session(model, options);
  const auto sets = data_sets(test_case);
  ENGINE_REQUIRE(!sets.empty(), ErrorCode::kNotFound, "the case has no folder test_data_set_0");
  for (const std::filesystem::path& set : sets) {
    const Tensors outputs = session.run(name_inputs(model, read_tensors(set, "input")));
    placement = session.placement();
    const std::vector<Tensor> expected = read_tensors(set, "output");
    ENGINE_REQUIRE(!expected.empty() && expected.size() <= model.outputs().size(),
                   ErrorCode::kInvalidArgument, set.filename().string(), " has ", expected.size(),
                   " outputs, the model ", model.outputs().size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const std::string& name = model.outputs()[i].name;
      judge.add(set.filename().string() + " output " + quote(name), outputs.at(name), expected[i]);
    }
  }
}

}  // namespace

const char* to_string(CaseStatus status) noexcept {
  switch (status) {
    case CaseStatus::kPass: return "pass";
    case CaseStatus::kFail: return "fail";
    case CaseStatus::kUnsupported: return "unsupported";
    case CaseStatus::kError: return "error";
  }
  return "error";
}

CaseResult judge(const TestCase& test_case, const SessionOptions& options,
                 const Tolerance& tolerance) {
  CaseResult result;
  result.name = test_case.name;
  result.path_name = test_case.path_name;
  result.status = CaseStatus::kPass;
  Judge judge(result, tolerance);
  try {
    run_case(test_case, options, judge, result.placement);
  } catch (const Error& error) {
    const bool unsupported = error.code() == ErrorCode::kUnsupported;
    result.status = unsupported ? CaseStatus::kUnsupported : CaseStatus::kError;
    result.message = error.what();
    if (const auto* missing = dynamic_cast<const UnsupportedOperators*>(&error))
      result.operators = missing->operators();
  } catch (const std::exception& error) {
    result.status = CaseStatus::kError;
    result.message = error.what();
  }
  return result;
}

}  // namespace engine::tools
