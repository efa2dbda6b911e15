// A device that is wrong in one place: it gives another kernel than the one that was asked for.
#pragma once

#include "ops/opencl/runtime/api.h"

#include <set>
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

/// The same with a kernel that computes something else: it gets `value` in the place of an
/// argument.
class WrongArgument {
 public:
  WrongArgument(std::string kernel, cl_uint position, cl_float value) {
    name_ = std::move(kernel);
    position_ = position;
    value_ = value;
    real_ = opencl::api();
    layer_ = real_;
    layer_.clCreateKernel = [](cl_program program, const char* name, cl_int* code) {
      const cl_kernel made = real_.clCreateKernel(program, name, code);
      if (name == name_) wrong_.insert(made);
      else wrong_.erase(made);  // of one that was released
      return made;
    };
    layer_.clSetKernelArg = [](cl_kernel kernel, cl_uint at, std::size_t bytes, const void* value) {
      const bool wrong = at == position_ && wrong_.contains(kernel);
      return wrong ? real_.clSetKernelArg(kernel, at, sizeof(value_), &value_)
                   : real_.clSetKernelArg(kernel, at, bytes, value);
    };
    opencl::replace_api(&layer_);
  }
  ~WrongArgument() {
    opencl::replace_api(nullptr);
    wrong_.clear();
  }
  WrongArgument(const WrongArgument&) = delete;

 private:
  static inline std::string name_;
  static inline cl_uint position_ = 0;
  static inline cl_float value_ = 0;
  static inline std::set<cl_kernel> wrong_;
  static inline opencl::Api real_, layer_;
};

}  // namespace engine::test
