// A device that is wrong in one place: it gives another kernel than the one that was asked for.
#pragma once

#include "ops/opencl/runtime/api.h"

#include <string>
#include <string_view>

namespace engine::test {

/// While it lives, the kernel `asked` is the kernel `given` of the same program, which takes the
/// same arguments; one at a time, and no run that was made meanwhile outlives it.
class WrongKernel {
 public:
  WrongKernel(std::string asked, std::string given) {
    asked_ = std::move(asked);
    given_ = std::move(given);
    real_ = opencl::api();
    layer_ = real_;
    layer_.clCreateKernel = [](cl_program program, const char* name, cl_int* code) {
      return real_.clCreateKernel(program, name == asked_ ? given_.c_str() : name, code);
    };
    opencl::replace_api(&layer_);
  }
  ~WrongKernel() { opencl::replace_api(nullptr); }
  WrongKernel(const WrongKernel&) = delete;

 private:
  static inline std::string asked_, given_;
  static inline opencl::Api real_, layer_;
};

}  // namespace engine::test
