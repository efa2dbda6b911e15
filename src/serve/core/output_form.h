// What a client wants of each output: the tensor or its best classes, in the answer or in shared
// memory.
#pragma once

#include "serve/core/request.h"
#include "serve/core/request_parameters.h"
#include "serve/core/served_model.h"
#include "serve/core/shared_memory.h"

#include <map>
#include <optional>
#include <string>

namespace engine::serve {

struct OutputForm {
  std::uint64_t classes = 0;               ///< 0: the tensor itself
  std::optional<SharedRange> shared = {};  ///< nothing: in the answer
};

using OutputForms = std::map<std::string, OutputForm, std::less<>>;  ///< by output

/// Sets what a parameter of an output asks for: `classification`, `shared_memory_region`,
/// `shared_memory_offset`, `shared_memory_byte_size`; others mean nothing here. Throws Error
/// (kInvalidArgument).
void set_output_parameter(OutputForm& form, std::string_view key, const Parameter& value);

/// The same for the place of an input in shared memory.
void set_range_parameter(std::optional<SharedRange>& range, std::string_view key,
                         const Parameter& value);

/// Says that a server has none.
inline constexpr const char* kNoSharedMemory =
    "this server takes no shared memory (its clients may be on other machines)";

/// The bytes of an input in shared memory, which must be as many as its shape has. Throws Error
/// (kInvalidArgument, kNotFound).
std::shared_ptr<const std::string> read_shared(const SharedMemory& memory, const SharedRange& range,
                                               DType dtype, const Shape& shape,
                                               std::string_view input, std::string_view model);

/// Gives the outputs of a response their forms. Those in shared memory are written there. The
/// response keeps them, for their types and shapes; an answer does not send their values. Throws
/// Error (kInvalidArgument) as `classify` does.
std::optional<Failure> form_outputs(Response& response, const OutputForms& forms,
                                    const ServedModel& model, const SharedMemory* memory);

}  // namespace engine::serve
