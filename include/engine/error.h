// The one exception type of the library, and the status of a run that must not throw.
#pragma once

#include <engine/export.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace engine {

/// What kind of thing went wrong. Front ends map these to exit codes, gRPC and HTTP statuses.
enum class ErrorCode {
  kInvalidArgument,    ///< the caller passed something wrong: a name, a shape, a device, an option
  kInvalidModel,       ///< the model is damaged or contradicts itself
  kUnsupported,        ///< the model is legal, but uses what this build does not support
  kNotFound,           ///< a file or a device does not exist
  kIo,                 ///< reading or writing failed
  kResourceExhausted,  ///< a memory, time or iteration budget is used up
  kRunFailed,          ///< the values of the inputs are illegal for a node (an index out of range)
  kDeviceFailed,       ///< a device's driver reported an error, or the device is lost
  kInternal            ///< a defect of this library
};

/// Name of a code as it appears in messages and JSON, such as "invalid_model".
ENGINE_API const char* to_string(ErrorCode code) noexcept;

/// Thrown by everything that loads, compiles or binds. The message says what is wrong, why that is
/// wrong, and what to try, and names model, node and tensor with both values.
class ENGINE_API Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ErrorCode code() const noexcept { return code_; }

 private:
  ErrorCode code_;
};

/// Error (kUnsupported) about operators of a model that this build lacks.
class ENGINE_API UnsupportedOperators : public Error {
 public:
  UnsupportedOperators(const std::string& message, std::vector<std::string> operators)
      : Error(ErrorCode::kUnsupported, message), operators_(std::move(operators)) {}
  /// Each once, sorted: "Name" of ONNX's own domain, "domain::Name" of others.
  const std::vector<std::string>& operators() const noexcept { return operators_; }

 private:
  std::vector<std::string> operators_;
};

/// Outcome of `BoundCall::run`. Trivially copyable: node and two integers describe the fault; the
/// text is made on request by `BoundCall::message`.
struct [[nodiscard]] Status {
  enum class Fault : std::uint8_t {
    kNone,
    kIndexOutOfRange,    ///< a: the index, b: the size of the axis
    kDivisionByZero,     ///< integer division by zero; a: element
    kBadShape,           ///< a run-time shape is illegal; a and b: the two extents
    kResourceExhausted,  ///< a: bytes or trips asked for, b: the limit
    kBadValue,           ///< an input value is illegal for the operator; a: the value
    kDevice,             ///< the device's driver failed; a: its error code
    kInternal
  };
  Fault fault = Fault::kNone;
  std::int32_t node = -1;  ///< position of the node in the plan
  std::int64_t a = 0;
  std::int64_t b = 0;

  bool ok() const noexcept { return fault == Fault::kNone; }
  explicit operator bool() const noexcept { return ok(); }
};

}  // namespace engine
