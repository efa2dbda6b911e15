#include "ops/opencl/runtime/api.h"

#include "base/check.h"

#include <dlfcn.h>

#include <atomic>

namespace engine::opencl {
namespace {

std::atomic<const Api*> replacement{nullptr};

Api load_api() {
  void* library = dlopen("libOpenCL.so.1", RTLD_NOW | RTLD_LOCAL);  // never closed
  const char* reason = library ? nullptr : dlerror();
  ENGINE_REQUIRE(library, ErrorCode::kNotFound, "there is no OpenCL on this machine (its loader: ",
                 reason ? reason : "unknown reason",
                 "); install ocl-icd-libopencl1 and a driver such as pocl-opencl-icd");
  Api api;
#define ENGINE_CL(function)                                                          \
  api.function = reinterpret_cast<decltype(&::function)>(dlsym(library, #function)); \
  ENGINE_REQUIRE(api.function, ErrorCode::kNotFound,                                 \
                 "the OpenCL loader of this machine has no " #function " (OpenCL 1.2 is needed)");
  ENGINE_CL_FUNCTIONS(ENGINE_CL)
#undef ENGINE_CL
  return api;
}

const char* error_text(cl_int code) {
  switch (code) {
#define ENGINE_CODE(name) \
  case name: return #name;
    ENGINE_CODE(CL_DEVICE_NOT_FOUND)
    ENGINE_CODE(CL_DEVICE_NOT_AVAILABLE)
    ENGINE_CODE(CL_COMPILER_NOT_AVAILABLE)
    ENGINE_CODE(CL_MEM_OBJECT_ALLOCATION_FAILURE)
    ENGINE_CODE(CL_OUT_OF_RESOURCES)
    ENGINE_CODE(CL_OUT_OF_HOST_MEMORY)
    ENGINE_CODE(CL_BUILD_PROGRAM_FAILURE)
    ENGINE_CODE(CL_MISALIGNED_SUB_BUFFER_OFFSET)
    ENGINE_CODE(CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST)
    ENGINE_CODE(CL_INVALID_VALUE)
    ENGINE_CODE(CL_INVALID_DEVICE)
    ENGINE_CODE(CL_INVALID_CONTEXT)
    ENGINE_CODE(CL_INVALID_COMMAND_QUEUE)
    ENGINE_CODE(CL_INVALID_MEM_OBJECT)
    ENGINE_CODE(CL_INVALID_BINARY)
    ENGINE_CODE(CL_INVALID_BUILD_OPTIONS)
    ENGINE_CODE(CL_INVALID_PROGRAM)
    ENGINE_CODE(CL_INVALID_PROGRAM_EXECUTABLE)
    ENGINE_CODE(CL_INVALID_KERNEL_NAME)
    ENGINE_CODE(CL_INVALID_KERNEL)
    ENGINE_CODE(CL_INVALID_ARG_INDEX)
    ENGINE_CODE(CL_INVALID_ARG_VALUE)
    ENGINE_CODE(CL_INVALID_ARG_SIZE)
    ENGINE_CODE(CL_INVALID_KERNEL_ARGS)
    ENGINE_CODE(CL_INVALID_WORK_DIMENSION)
    ENGINE_CODE(CL_INVALID_WORK_GROUP_SIZE)
    ENGINE_CODE(CL_INVALID_WORK_ITEM_SIZE)
    ENGINE_CODE(CL_INVALID_EVENT)
    ENGINE_CODE(CL_INVALID_OPERATION)
    ENGINE_CODE(CL_INVALID_BUFFER_SIZE)
    case -1001: return "CL_PLATFORM_NOT_FOUND_KHR";
#undef ENGINE_CODE
    default: return "an unknown error";
  }
}

bool is_memory(cl_int code) {
  return code == CL_MEM_OBJECT_ALLOCATION_FAILURE || code == CL_OUT_OF_RESOURCES ||
         code == CL_OUT_OF_HOST_MEMORY || code == CL_INVALID_BUFFER_SIZE;
}

}  // namespace

const Api& api() {
  if (const Api* functions = replacement.load(std::memory_order_acquire)) return *functions;
  static const Api loaded = load_api();
  return loaded;
}

void replace_api(const Api* functions) noexcept {
  replacement.store(functions, std::memory_order_release);
}

std::string error_name(cl_int code) { return concat(error_text(code), " (", code, ")"); }

void require(cl_int code, const std::string& call) {
  if (code == CL_SUCCESS) return;
  const bool memory = is_memory(code);
  throw DriverError(memory ? ErrorCode::kResourceExhausted : ErrorCode::kDeviceFailed,
                    concat(call, " failed (the driver says ", error_name(code), ")",
                           memory ? "; use a smaller batch, or --device cpu" : ""),
                    code);
}

}  // namespace engine::opencl
