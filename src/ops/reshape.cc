#include "ops/reshape.h"

#include "ops/attributes.h"

namespace engine::ops {
namespace {

// An element count as a product: of known extents other than 0, of zeros, of symbols, and of
// extents about which nothing is known.
struct Count {
  Index known = 1;
  Index zeros = 0;
  Index unnamed = 0;
  std::vector<std::string> symbols;
};

Count count_of(const Dims& dims) {
  Count count;
  for (const Dim& dim : dims) {
    if (!dim.known()) {
      if (dim.symbol().empty()) ++count.unnamed;
      else count.symbols.push_back(dim.symbol());
    } else if (dim.value() == 0) {
      ++count.zeros;
    } else {
      ENGINE_VALIDATE(!__builtin_mul_overflow(count.known, dim.value(), &count.known),
                      "the element count of ", to_string(dims), " overflows 64 bits");
    }
  }
  std::ranges::sort(count.symbols);
  return count;
}

// Takes out of both lists what is in both.
void cancel(std::vector<std::string>& a, std::vector<std::string>& b) {
  std::vector<std::string> only_a, only_b;
  std::ranges::set_difference(a, b, std::back_inserter(only_a));
  std::ranges::set_difference(b, a, std::back_inserter(only_b));
  a = std::move(only_a);
  b = std::move(only_b);
}

// The extent with which `rest` has as many elements as `from`. Where `certain` is false the wish
// for it was read from an unknown value, and nothing is an error.
Dim remaining_extent(const Dims& from, const Dims& rest, bool certain) {
  Count all = count_of(from), others = count_of(rest);
  cancel(all.symbols, others.symbols);
  if (all.unnamed || others.unnamed || !others.symbols.empty()) return Dim::unknown();
  if (all.zeros > others.zeros) return Dim(0);
  const bool divides = all.zeros == others.zeros && all.known % others.known == 0;
  if (all.symbols.empty()) {
    ENGINE_VALIDATE(divides || !certain, "-1 cannot be replaced (", to_string(from),
                    " has no multiple of the elements of ", to_string(rest), ")");
    return divides ? Dim(all.known / others.known) : Dim::unknown();
  }
  if (all.symbols.size() == 1 && all.known == others.known && all.zeros == others.zeros)
    return Dim::symbol(all.symbols.front());
  return Dim::unknown();
}

// The product of dims[first, last): known, the only symbol, or unknown.
Dim product_of(const Dims& dims, Index first, Index last) {
  const Count count = count_of(Dims(dims.begin() + first, dims.begin() + last));
  if (count.zeros) return Dim(0);
  if (count.unnamed == 0 && count.symbols.empty()) return Dim(count.known);
  if (count.unnamed == 0 && count.symbols.size() == 1 && count.known == 1)
    return Dim::symbol(count.symbols.front());
  return Dim::unknown();
}

}  // namespace

std::vector<TensorType> Reshape::infer(const Operands& in, Index) const {
  require_type(
      in, 1, "shape", [](DType t) { return t == DType::kInt64; }, "int64");
  const TensorType& data = in.type(0);
  const auto length = list_length(in, 1, "shape");
  const auto literal = in.integers(1);
  const auto wanted = literal ? Dims(literal->begin(), literal->end()) : in.extents(1);
  if (!wanted && length != 0) {
    if (!length) return {TensorType::unranked(data.dtype)};
    return {unknown_extents(data.dtype, *length)};
  }

  Dims dims = wanted ? *wanted : Dims{};
  Index free_axis = -1, free_axes = 0;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    if (literal) {
      const Index extent = (*literal)[i];
      ENGINE_VALIDATE(extent >= -1, "shape[", i, "] is ", extent, " (must be -1 or more)");
      ENGINE_VALIDATE(extent != -1 || free_axes == 0, "shape is ", to_string(*literal),
                      " (only one extent may be -1)");
    }
    if (!dims[i].known() && dims[i].symbol().empty()) {
      free_axis = static_cast<Index>(i);
      ++free_axes;
    } else if (dims[i].known() && dims[i].value() == 0 && !allow_zero) {
      ENGINE_VALIDATE(!data.ranked || i < data.dims.size(), "shape[", i,
                      "] is 0 (which copies an extent of the input, but that is ", to_string(data),
                      ")");
      dims[i] = data.ranked ? data.dims[i] : Dim::unknown();
    }
  }
  if (data.ranked && free_axes == 1) {
    Dims rest = dims;
    rest.erase(rest.begin() + free_axis);
    dims[static_cast<std::size_t>(free_axis)] =
        remaining_extent(data.dims, rest, literal.has_value());
  }
  TensorType out(data.dtype, std::move(dims));
  if (const auto from = data.shape(), to = out.shape(); from && to)
    ENGINE_VALIDATE(element_count(*from) == element_count(*to), "cannot reshape ", to_string(*from),
                    " to ", to_string(*to), " (", element_count(*from), " elements, ",
                    element_count(*to), " wanted)");
  return {std::move(out)};
}

Fault Reshape::move(Inputs in, Outputs out) const {
  copy_all(in[0], out[0]);
  return kNoFault;
}

std::vector<TensorType> Flatten::infer(const Operands& in, Index) const {
  const TensorType& x = in.type(0);
  if (!x.ranked) return {unknown_extents(x.dtype, 2)};
  const Index rank = x.rank();
  const Index split = axis == rank ? rank : normalize_axis(axis, std::max<Index>(rank, 1));
  ENGINE_VALIDATE(split <= rank, "axis ", axis, " is outside [", -rank, ", ", rank, "]");
  return {{x.dtype, Dims{product_of(x.dims, 0, split), product_of(x.dims, split, rank)}}};
}

Fault Flatten::move(Inputs in, Outputs out) const {
  copy_all(in[0], out[0]);
  return kNoFault;
}

OperatorPtr make_Reshape(const Attributes& attributes) {
  auto op = std::make_shared<Reshape>();
  op->allow_zero = attributes.flag("allowzero", false);
  return op;
}

OperatorPtr make_Flatten(const Attributes& attributes) {
  auto op = std::make_shared<Flatten>();
  op->axis = attributes.integer("axis", 1);
  return op;
}

}  // namespace engine::ops
