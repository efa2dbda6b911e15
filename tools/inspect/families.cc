#include "tools/inspect/families.h"

#include <string>

namespace engine::tools {
namespace {

enum Kind {
  kOther,
  kLinear,
  kActivation,
  kNorm,
  kReduce,
  kArithmetic,
  kLayout,
  kSequence,
  kType,
  kControl
};

// Names between spaces; what begins with one of the prefixes below needs no entry.
const std::pair<Kind, std::string_view> kNames[] = {
    {kLinear, " MatMul Gemm Dense Einsum "},
    {kActivation,
     " Relu LeakyRelu PRelu Elu Selu Celu Gelu Sigmoid HardSigmoid HardSwish Swish Mish Tanh "
     "Softplus "
     "Softsign Softmax LogSoftmax Hardmax ThresholdedRelu Clip Shrink Erf "},
    {kNorm, " LRN Normalizer Scaler "},
    {kReduce, " MaxPool AveragePool LpPool ArgMax ArgMin TopK CumSum MaxRoiPool RoiAlign "},
    {kArithmetic,
     " Add Sub Mul Div Pow Sqrt Exp Log Neg Abs Min Max Mean Sum Mod Reciprocal Where Equal Less "
     "Greater LessOrEqual GreaterOrEqual And Or Not Xor Sign Floor Ceil Round "},
    {kLayout,
     " Reshape Transpose Concat Split Slice Squeeze Unsqueeze Flatten Expand Tile Pad Shape Size "
     "Identity Resize Upsample DepthToSpace SpaceToDepth Constant ConstantOfShape OneHot Compress "
     "NonZero Range "},
    {kSequence, " LSTM GRU RNN Attention RotaryEmbedding ReverseSequence "},
    {kType,
     " Cast CastLike QuantizeLinear DequantizeLinear DynamicQuantizeLinear QLinearMatMul "
     "QLinearConv "
     "MatMulInteger ConvInteger "},
    {kControl, " If Loop Scan NonMaxSuppression "},
};

const std::pair<std::string_view, Kind> kPrefixes[] = {
    {"Conv", kLinear},    {"Reduce", kReduce},        {"Global", kReduce}, {"Gather", kLayout},
    {"Scatter", kLayout}, {"TreeEnsemble", kControl}, {"Linear", kLinear},
};

Kind kind_of(std::string_view op) {
  op = op.substr(0, op.find('+'));  // a fused operator is of the kind of its first part
  if (const auto colons = op.rfind("::"); colons != std::string_view::npos)
    op.remove_prefix(colons + 2);
  const std::string word = " " + std::string(op) + " ";
  for (const auto& [kind, names] : kNames)
    if (names.find(word) != std::string_view::npos) return kind;
  if (op.ends_with("Normalization")) return kNorm;
  for (const auto& [prefix, kind] : kPrefixes)
    if (op.starts_with(prefix)) return kind;
  return kOther;
}

}  // namespace

const Family& family_of(std::string_view op) { return kFamilies[kind_of(op)]; }

}  // namespace engine::tools
