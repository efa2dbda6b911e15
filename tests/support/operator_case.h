// One operator on one set of inputs, run by every implementation that must agree.
#pragma once

#include "base/cpu_features.h"
#include "ops/attributes.h"
#include "ops/backend.h"
#include "ops/cpu/kernel.h"

#include <engine/tensor.h>

#include <optional>
#include <string>
#include <vector>

namespace engine::test {

/// An operator with its inputs. Inputs that are not defined are absent optional ones.
struct OperatorCase {
  std::string name;  ///< what failures are reported under
  ops::OperatorPtr op;
  std::vector<Tensor> inputs;
  unsigned constants = 0;                   ///< bit i: input i is a constant of the model
  std::vector<bool> outputs = {true};       ///< which outputs the node has (false: nobody wants it)
  double relative = 1e-5, absolute = 1e-6;  ///< float32 against the double-precision reference
};

/// Lists of attributes: {{"axis", Index{1}}, {"mode", std::string("x")}}.
ops::Attributes attributes(std::vector<std::pair<std::string, ops::Attribute>> list);

/// The operator that the registry makes. Throws as the operator's own `make_` does.
ops::OperatorPtr make_operator(const std::string& domain, const std::string& name,
                               const ops::Attributes& attributes);

/// Values in [low, high), the same for the same seed on every machine.
Tensor random(DType dtype, Shape shape, unsigned seed, double low = -1, double high = 1);
/// Random float32 with zeros of both signs, denormals, huge values and (about one in `rarity`)
/// infinities and NaN among them.
Tensor random_special(Shape shape, unsigned seed, int rarity = 16);

/// Types and shapes of the outputs; throws as `infer` does.
std::vector<TensorType> infer(const OperatorCase& c);

/// Outputs of the reference, and of the contract's scalar text.
std::vector<Tensor> run_reference(const OperatorCase& c);
std::vector<Tensor> run_evaluate(const OperatorCase& c);
/// Outputs of a backend, packed and bound as the executor does it; `kernel` receives its name.
std::vector<Tensor> run_backend(const OperatorCase& c, const ops::Backend& backend, int threads = 1,
                                std::string* kernel = nullptr);
std::vector<Tensor> run_backend(const OperatorCase& c, const ops::Backend& backend, Pool& pool,
                                std::string* kernel = nullptr);

/// The same with blocked operands; nothing if the backend offers none.
std::optional<std::vector<Tensor>> run_blocked(const OperatorCase& c, const ops::Backend& backend,
                                               int threads, std::string* kernel = nullptr);

/// Instruction sets of this machine.
std::vector<Isa> available_isas();
/// "reference" and the CPU with each instruction set of this machine.
std::vector<std::string> devices_to_try();

/// Bits of two tensors, any NaN equal to any other; "" if equal, else where they first differ.
std::string compare_bits(const Tensor& got, const Tensor& wanted);
/// |got - wanted| <= absolute + relative |wanted|; infinities and NaN must agree.
std::string compare_values(const Tensor& got, const Tensor& wanted, double relative,
                           double absolute);

/// GoogleTest expectations: reference within tolerance of evaluate, and evaluate's bits from every
/// instruction set on one and on three threads.
void check_operator(const OperatorCase& c);
/// The same without the reference: for inputs where rounding decides what comes out.
void check_bits(const OperatorCase& c);

}  // namespace engine::test
