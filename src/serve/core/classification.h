// Triton's classification extension: the best classes of an output as texts.
#pragma once

#include <engine/tensor.h>

#include <string>
#include <vector>

namespace engine::serve {

/// The `classes` largest values of each row, best first, of equal ones the first: strings
/// "VALUE:INDEX" or, where there is a label, "VALUE:INDEX:LABEL", of shape [rows, classes], or
/// [classes] if the model has no batch axis. NaN comes last. Throws Error (kInvalidArgument) if the
/// output has no numbers.
Tensor classify(const Tensor& output, bool batched, std::size_t classes,
                const std::vector<std::string>& labels);

}  // namespace engine::serve
