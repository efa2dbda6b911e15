// The functions of OpenCL that the engine calls, found when a device is first asked for: the
// library has no OpenCL loader among its own needs.
#pragma once

#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>

#include <engine/error.h>

#include <string>
#include <utility>

namespace engine::opencl {

// What OpenCL 1.2 has and what is needed here: ENGINE_CL(function).
#define ENGINE_CL_FUNCTIONS(ENGINE_CL)   \
  ENGINE_CL(clBuildProgram)              \
  ENGINE_CL(clCreateBuffer)              \
  ENGINE_CL(clCreateCommandQueue)        \
  ENGINE_CL(clCreateContext)             \
  ENGINE_CL(clCreateKernel)              \
  ENGINE_CL(clCreateProgramWithBinary)   \
  ENGINE_CL(clCreateProgramWithSource)   \
  ENGINE_CL(clCreateSubBuffer)           \
  ENGINE_CL(clEnqueueCopyBuffer)         \
  ENGINE_CL(clEnqueueMapBuffer)          \
  ENGINE_CL(clEnqueueMarkerWithWaitList) \
  ENGINE_CL(clEnqueueNDRangeKernel)      \
  ENGINE_CL(clEnqueueReadBuffer)         \
  ENGINE_CL(clEnqueueUnmapMemObject)     \
  ENGINE_CL(clEnqueueWriteBuffer)        \
  ENGINE_CL(clFinish)                    \
  ENGINE_CL(clFlush)                     \
  ENGINE_CL(clGetDeviceIDs)              \
  ENGINE_CL(clGetDeviceInfo)             \
  ENGINE_CL(clGetEventInfo)              \
  ENGINE_CL(clGetEventProfilingInfo)     \
  ENGINE_CL(clGetPlatformIDs)            \
  ENGINE_CL(clGetPlatformInfo)           \
  ENGINE_CL(clGetProgramBuildInfo)       \
  ENGINE_CL(clGetProgramInfo)            \
  ENGINE_CL(clReleaseCommandQueue)       \
  ENGINE_CL(clReleaseContext)            \
  ENGINE_CL(clReleaseEvent)              \
  ENGINE_CL(clReleaseKernel)             \
  ENGINE_CL(clReleaseMemObject)          \
  ENGINE_CL(clReleaseProgram)            \
  ENGINE_CL(clSetEventCallback)          \
  ENGINE_CL(clSetKernelArg)

struct Api {
#define ENGINE_CL(function) decltype(&::function) function = nullptr;
  ENGINE_CL_FUNCTIONS(ENGINE_CL)
#undef ENGINE_CL
};

/// The functions of the system's loader, or of `replace_api`. Throws Error (kNotFound) where there
/// is no loader. Thread-safe.
const Api& api();

/// For tests: functions to call instead, or null for the loader's again. They outlive all devices.
void replace_api(const Api* functions) noexcept;

/// "CL_OUT_OF_RESOURCES (-5)".
std::string error_name(cl_int code);

/// Of a call that a driver refused: kResourceExhausted for want of memory, else kDeviceFailed.
class DriverError : public Error {
 public:
  DriverError(ErrorCode kind, const std::string& message, cl_int code)
      : Error(kind, message), driver_code_(code) {}
  cl_int driver_code() const noexcept { return driver_code_; }

 private:
  cl_int driver_code_;
};

/// Throws DriverError unless `code` is CL_SUCCESS: "clCreateBuffer of 4096 bytes failed
/// (CL_INVALID_BUFFER_SIZE (-61)) ...".
void require(cl_int code, const std::string& call);

/// Owns an object of OpenCL; not copyable.
template <class T, auto kRelease>
class Handle {
 public:
  Handle() = default;
  explicit Handle(T object) noexcept : object_(object) {}
  Handle(Handle&& other) noexcept : object_(other.object_) { other.object_ = nullptr; }
  Handle& operator=(Handle&& other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Handle() {
    if (object_) (api().*kRelease)(object_);
  }
  T get() const noexcept { return object_; }
  explicit operator bool() const noexcept { return object_ != nullptr; }

 private:
  T object_ = nullptr;
};

using Buffer = Handle<cl_mem, &Api::clReleaseMemObject>;
using ContextHandle = Handle<cl_context, &Api::clReleaseContext>;
using EventHandle = Handle<cl_event, &Api::clReleaseEvent>;
using KernelHandle = Handle<cl_kernel, &Api::clReleaseKernel>;
using Program = Handle<cl_program, &Api::clReleaseProgram>;
using Queue = Handle<cl_command_queue, &Api::clReleaseCommandQueue>;

}  // namespace engine::opencl
