#include "tools/inspect/families.h"

#include <map>
#include <string>

namespace engine::tools {
namespace {

enum Kind { kOther, kLinear, kActivation, kNorm, kReduce, kArithmetic, kLayout, kSequence, kType, kControl };

// Whole names; what starts with one of the prefixes below needs no entry.
const std::map<std::string_view, Kind> kKinds = {
    {"MatMul", kLinear}, {"Gemm", kLinear}, {"Dense", kLinear}, {"Einsum", kLinear},
    {"Relu", kActivation}, {"LeakyRelu", kActivation}, {"PRelu", kActivation}, {"Elu", kActivation},
    {"Selu", kActivation}, {"Celu", kActivation}, {"Gelu", kActivation}, {"Sigmoid", kActivation},
    {"HardSigmoid", kActivation}, {"HardSwish", kActivation}, {"Swish", kActivation},
    {"Mish", kActivation}, {"Tanh", kActivation}, {"Softplus", kActivation},
    {"Softsign", kActivation}, {"Softmax", kActivation}, {"LogSoftmax", kActivation},
    {"Hardmax", kActivation}, {"ThresholdedRelu", kActivation}, {"Clip", kActivation},
    {"Shrink", kActivation}, {"Erf", kActivation},
    {"LRN", kNorm}, {"Normalizer", kNorm}, {"Scaler", kNorm},
    {"MaxPool", kReduce}, {"AveragePool", kReduce}, {"LpPool", kReduce}, {"ArgMax", kReduce},
    {"ArgMin", kReduce}, {"TopK", kReduce}, {"CumSum", kReduce}, {"MaxRoiPool", kReduce},
    {"RoiAlign", kReduce},
    {"Add", kArithmetic}, {"Sub", kArithmetic}, {"Mul", kArithmetic}, {"Div", kArithmetic},
    {"Pow", kArithmetic}, {"Sqrt", kArithmetic}, {"Exp", kArithmetic}, {"Log", kArithmetic},
    {"Neg", kArithmetic}, {"Abs", kArithmetic}, {"Min", kArithmetic}, {"Max", kArithmetic},
    {"Mean", kArithmetic}, {"Sum", kArithmetic}, {"Mod", kArithmetic}, {"Reciprocal", kArithmetic},
    {"Where", kArithmetic}, {"Equal", kArithmetic}, {"Less", kArithmetic}, {"Greater", kArithmetic},
    {"LessOrEqual", kArithmetic}, {"GreaterOrEqual", kArithmetic}, {"And", kArithmetic},
    {"Or", kArithmetic}, {"Not", kArithmetic}, {"Xor", kArithmetic}, {"Sign", kArithmetic},
    {"Floor", kArithmetic}, {"Ceil", kArithmetic}, {"Round", kArithmetic},
    {"Reshape", kLayout}, {"Transpose", kLayout}, {"Concat", kLayout}, {"Split", kLayout},
    {"Slice", kLayout}, {"Squeeze", kLayout}, {"Unsqueeze", kLayout}, {"Flatten", kLayout},
    {"Expand", kLayout}, {"Tile", kLayout}, {"Pad", kLayout}, {"Shape", kLayout}, {"Size", kLayout},
    {"Identity", kLayout}, {"Resize", kLayout}, {"Upsample", kLayout}, {"DepthToSpace", kLayout},
    {"SpaceToDepth", kLayout}, {"Constant", kLayout}, {"ConstantOfShape", kLayout},
    {"OneHot", kLayout}, {"Compress", kLayout}, {"NonZero", kLayout}, {"Range", kLayout},
    {"LSTM", kSequence}, {"GRU", kSequence}, {"RNN", kSequence}, {"Attention", kSequence},
    {"RotaryEmbedding", kSequence}, {"ReverseSequence", kSequence},
    {"Cast", kType}, {"CastLike", kType}, {"QuantizeLinear", kType}, {"DequantizeLinear", kType},
    {"DynamicQuantizeLinear", kType}, {"QLinearMatMul", kType}, {"QLinearConv", kType},
    {"MatMulInteger", kType}, {"ConvInteger", kType},
    {"If", kControl}, {"Loop", kControl}, {"Scan", kControl}, {"NonMaxSuppression", kControl},
};

const std::pair<std::string_view, Kind> kPrefixes[] = {
    {"Conv", kLinear}, {"Reduce", kReduce}, {"Global", kReduce}, {"Gather", kLayout},
    {"Scatter", kLayout}, {"TreeEnsemble", kControl}, {"Linear", kLinear},
};

Kind kind_of(std::string_view op) {
  op = op.substr(0, op.find('+'));  // a fused operator is of the kind of its first part
  if (const auto colons = op.rfind("::"); colons != std::string_view::npos) op.remove_prefix(colons + 2);
  if (const auto found = kKinds.find(op); found != kKinds.end()) return found->second;
  if (op.ends_with("Normalization")) return kNorm;
  for (const auto& [prefix, kind] : kPrefixes)
    if (op.starts_with(prefix)) return kind;
  return kOther;
}

}  // namespace

const Family& family_of(std::string_view op) { return kFamilies[kind_of(op)]; }

}  // namespace engine::tools
