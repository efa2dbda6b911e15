#include "ops/einsum.h"

#include "ops/attributes.h"
#include "ops/store.h"

#include <algorithm>
#include <cctype>
#include <cmath>

namespace engine::ops {
namespace {

using Term = Einsum::Term;
constexpr char kDots = Einsum::kDots;

std::vector<Term> split_terms(const std::string& text) {
  std::vector<Term> terms(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == ' ') continue;
    if (c == ',') {
      terms.emplace_back();
    } else if (c == '.') {
      ENGINE_VALIDATE(text.compare(i, 3, "...") == 0, "equation has a lone '.' at ", i,
                      " (an ellipsis is '...')");
      ENGINE_VALIDATE(terms.back().find(kDots) == Term::npos,
                      "equation has two ellipses in one term");
      terms.back() += kDots;
      i += 2;
    } else {
      ENGINE_VALIDATE(std::isalpha(static_cast<unsigned char>(c)), "equation has '", c, "' at ", i,
                      " (a letter, ',', '...' or '->' needed)");
      terms.back() += c;
    }
  }
  return terms;
}

// Labels as strings: a letter, or "0", "1", .. for the axes of the ellipsis.
std::vector<std::string> expand(const Term& term, Index dots) {
  std::vector<std::string> labels;
  for (const char c : term) {
    if (c != kDots) labels.emplace_back(1, c);
    for (Index i = 0; c == kDots && i < dots; ++i) labels.push_back(std::to_string(i));
  }
  return labels;
}

// Steps all operands to the next position of labels [first, last); false behind the last one.
bool next(const Einsum::Loops& l, Shape& at, std::vector<Index>& offsets, Index first, Index last) {
  for (Index k = last; k-- > first;) {
    const auto label = static_cast<std::size_t>(k);
    const bool more = ++at[label] < l.extents[label];
    const Index steps = more ? 1 : 1 - l.extents[label];
    for (std::size_t i = 0; i < offsets.size(); ++i) offsets[i] += steps * l.strides[i][label];
    if (more) return true;
    at[label] = 0;
  }
  return false;
}

// Without "->": the ellipsis, then the letters that appear once, in the order of ASCII.
Term implicit_output(const std::vector<Term>& terms) {
  Term all, result;
  bool dots = false;
  for (const Term& term : terms)
    for (const char c : term) {
      if (c == kDots) dots = true;
      else all += c;
    }
  std::ranges::sort(all);
  for (const char c : all)
    if (std::ranges::count(all, c) == 1) result += c;
  return (dots ? Term(1, kDots) : Term()) + result;
}

}  // namespace

// An equation for operands of known ranks: labels are numbers, 0 up to `labels`, output labels
// first, then the summed ones in the order of their appearance.
struct Einsum::Plan {
  std::vector<std::vector<Index>> operands;  // the label of each axis
  Index outputs = 0, labels = 0;
};

Einsum::Plan Einsum::plan(const std::vector<Index>& ranks) const {
  ENGINE_VALIDATE(ranks.size() == terms.size(), "equation '", equation, "' has ", terms.size(),
                  " operands, the node ", ranks.size());
  Index dots = 0;
  std::vector<Index> own_dots;
  for (std::size_t i = 0; i < terms.size(); ++i) {
    const bool has_dots = terms[i].find(kDots) != Term::npos;
    const Index letters = static_cast<Index>(terms[i].size()) - has_dots;
    ENGINE_VALIDATE(has_dots ? ranks[i] >= letters : ranks[i] == letters, "operand ", i,
                    " has rank ", ranks[i], ", its term in '", equation, "' has ", letters,
                    " letters");
    own_dots.push_back(ranks[i] - letters);
    dots = std::max(dots, ranks[i] - letters);
  }
  std::vector<std::string> order = expand(output, dots);
  Plan result;
  result.outputs = static_cast<Index>(order.size());
  for (std::size_t i = 0; i < terms.size(); ++i) {
    std::vector<std::string> labels = expand(terms[i], own_dots[i]);
    std::vector<Index> numbers;
    for (std::string& label : labels) {
      // Ellipses of fewer axes align at their ends, as in broadcasting.
      if (std::isdigit(static_cast<unsigned char>(label[0])))
        label = std::to_string(std::stoll(label) + dots - own_dots[i]);
      auto it = std::ranges::find(order, label);
      if (it == order.end()) it = order.insert(order.end(), label);
      numbers.push_back(it - order.begin());
    }
    result.operands.push_back(std::move(numbers));
  }
  result.labels = static_cast<Index>(order.size());
  return result;
}

// The extent of each label; throws if two operands disagree.
Dims Einsum::extents(const Plan& p, const std::vector<Dims>& operands) const {
  Dims dims(static_cast<std::size_t>(p.labels), Dim(1));
  std::vector<bool> met(dims.size(), false);
  for (std::size_t i = 0; i < operands.size(); ++i)
    for (std::size_t axis = 0; axis < operands[i].size(); ++axis) {
      const auto label = static_cast<std::size_t>(p.operands[i][axis]);
      const Dim& extent = operands[i][axis];
      if (!met[label]) {
        dims[label] = extent;
        met[label] = true;
        continue;
      }
      ENGINE_VALIDATE(!extent.known() || !dims[label].known() || extent == dims[label] ||
                          extent.value() == 1 || dims[label].value() == 1,
                      "axis ", axis, " of operand ", i, " is ", extent.value(),
                      ", another axis with its label in '", equation, "' is ", dims[label].value());
      if (dims[label].known() && (dims[label].value() == 1 || !extent.known()))
        dims[label] = dims[label].value() == 1 ? extent : dims[label];
      else if (!dims[label].known() && extent.known() && extent.value() != 1) dims[label] = extent;
    }
  return dims;
}

std::vector<TensorType> Einsum::infer(const Operands& in, Index) const {
  std::vector<Index> ranks;
  std::vector<Dims> operands;
  bool ranked = true;
  for (Index i = 0; i < in.size(); ++i) {
    require_type(in, i, "an operand", is_number, "a number type");
    require_same_type(in, 0, "operand 0", i, "another");
    ranks.push_back(in.type(i).rank());
    operands.push_back(in.type(i).dims);
    ranked = ranked && in.type(i).ranked;
  }
  if (!ranked) return {TensorType::unranked(in.dtype(0))};
  const Plan p = plan(ranks);
  Dims dims = extents(p, operands);
  dims.resize(static_cast<std::size_t>(p.outputs));
  return {TensorType(in.dtype(0), dims)};
}

Einsum::Loops Einsum::loops(Inputs in) const {
  std::vector<Index> ranks;
  std::vector<Dims> operands;
  for (const Input& x : in) {
    ranks.push_back(x.rank());
    operands.push_back(to_dims(x.shape()));
  }
  const Plan p = plan(ranks);
  Loops l{*known_shape(extents(p, operands)), p.outputs, {}};
  for (std::size_t i = 0; i < in.size(); ++i) {
    const Shape own = strides_of(in[i].shape());
    Shape strides(l.extents.size(), 0);
    for (std::size_t axis = 0; axis < own.size(); ++axis)
      if (in[i].shape()[axis] != 1)
        strides[static_cast<std::size_t>(p.operands[i][axis])] += own[axis];
    l.strides.push_back(std::move(strides));
  }
  return l;
}

template <class T, class R>
void Einsum::run(Inputs in, const Output& out) const {
  if (out.size() == 0) return;
  const Loops l = loops(in);
  const Index labels = static_cast<Index>(l.extents.size());
  const bool empty = product(l.extents, l.outputs, labels) == 0;
  std::vector<const T*> data;
  for (const Input& x : in) data.push_back(x.as<T>());
  Shape at(l.extents.size(), 0);
  std::vector<Index> offsets(in.size(), 0);
  const std::size_t last = in.size() - 1;
  T* y = out.as<T>();
  do {
    R sum = 0;
    if (!empty) do {
        R factor = static_cast<R>(data[0][offsets[0]]);
        for (std::size_t i = 1; i < last; ++i) factor *= static_cast<R>(data[i][offsets[i]]);
        if (last == 0) sum += factor;
        else if constexpr (std::is_floating_point_v<R>)
          sum = std::fma(factor, static_cast<R>(data[last][offsets[last]]), sum);
        else sum += factor * static_cast<R>(data[last][offsets[last]]);
      } while (next(l, at, offsets, l.outputs, labels));
    if constexpr (std::is_floating_point_v<R>) *y++ = store<T>(sum);
    else if constexpr (sizeof(T) == 1) *y++ = T(static_cast<int>(sum & 255));
    else *y++ = static_cast<T>(sum);
  } while (next(l, at, offsets, 0, l.outputs));
}

template <class Real>
Fault Einsum::compute(Inputs in, Outputs out) const {
  dispatch_number(in[0].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (std::is_same_v<T, Int4> || std::is_same_v<T, UInt4>)
      fail(ErrorCode::kInternal, "Einsum has no 4-bit integers");
    else if constexpr (std::is_integral_v<T>)
      run<T, std::uint64_t>(in, out[0]);  // modulo 2^64, and so modulo the range of T
    else run<T, Compute<T, Real>>(in, out[0]);
  });
  return kNoFault;
}

template Fault Einsum::compute<float>(Inputs, Outputs) const;
template Fault Einsum::compute<double>(Inputs, Outputs) const;

Index Einsum::flops(std::span<const TensorType> in, std::span<const TensorType>) const {
  std::vector<Index> ranks;
  std::vector<Dims> operands;
  for (const TensorType& type : in) {
    if (!type.shape()) return 0;
    ranks.push_back(type.rank());
    operands.push_back(type.dims);
  }
  constexpr Index kMost = Index{1} << 60;
  const auto count = checked_count(*known_shape(extents(plan(ranks), operands)));
  return count && *count < kMost ? 2 * *count : 2 * kMost;
}

OperatorPtr make_Einsum(const Attributes& attributes) {
  auto op = std::make_shared<Einsum>();
  op->equation = attributes.text("equation");
  ENGINE_VALIDATE(op->equation.size() <= 4096, "equation has ", op->equation.size(),
                  " characters (at most 4096)");
  const std::size_t arrow = op->equation.find("->");
  op->terms = split_terms(op->equation.substr(0, arrow));
  if (arrow == std::string::npos) {
    op->output = implicit_output(op->terms);
    return op;
  }
  const auto outputs = split_terms(op->equation.substr(arrow + 2));
  ENGINE_VALIDATE(outputs.size() == 1, "equation '", op->equation, "' has ", outputs.size(),
                  " output terms (1 needed)");
  op->output = outputs[0];
  for (const char c : op->output) {
    ENGINE_VALIDATE(std::ranges::count(op->output, c) == 1, "equation '", op->equation, "' has '",
                    c, "' twice in its output");
    const bool known = c == kDots || std::ranges::any_of(op->terms, [c](const Term& term) {
                         return term.find(c) != Term::npos;
                       });
    ENGINE_VALIDATE(known, "equation '", op->equation, "' has '", c,
                    "' in its output but in no operand");
  }
  return op;
}

}  // namespace engine::ops
