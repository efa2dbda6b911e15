#include "ops/opencl/runtime/device.h"

#include "base/check.h"
#include "base/text.h"
#include "numerics/contract.h"
#include "ops/opencl/runtime/self_test.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <sstream>
#include <utility>

namespace engine::opencl {
namespace {

template <class T>
T device_number(cl_device_id id, cl_device_info what) {
  T value{};
  require(api().clGetDeviceInfo(id, what, sizeof(value), &value, nullptr), "clGetDeviceInfo");
  return value;
}

// The text that `get(size, memory, size_needed)` gives.
template <class Get>
std::string read_text(const Get& get, const char* call) {
  std::size_t size = 0;
  require(get(0, nullptr, &size), call);
  std::string text(size, '\0');
  require(get(size, text.data(), nullptr), call);
  text.resize(text.find_last_not_of(std::string_view("\0 \n", 3)) + 1);
  return text;
}

std::string device_text(cl_device_id id, cl_device_info what) {
  return read_text(
      [&](std::size_t size, char* text, std::size_t* needed) {
        return api().clGetDeviceInfo(id, what, size, text, needed);
      },
      "clGetDeviceInfo");
}

std::string platform_text(cl_platform_id id, cl_platform_info what) {
  return read_text(
      [&](std::size_t size, char* text, std::size_t* needed) {
        return api().clGetPlatformInfo(id, what, size, text, needed);
      },
      "clGetPlatformInfo");
}

DeviceFacts facts_of(cl_device_id id) {
  DeviceFacts facts;
  facts.name = device_text(id, CL_DEVICE_NAME);
  facts.version = device_text(id, CL_DEVICE_VERSION);
  facts.driver = device_text(id, CL_DRIVER_VERSION);
  facts.platform =
      platform_text(device_number<cl_platform_id>(id, CL_DEVICE_PLATFORM), CL_PLATFORM_NAME);
  facts.type = device_number<cl_device_type>(id, CL_DEVICE_TYPE);
  facts.units = static_cast<int>(device_number<cl_uint>(id, CL_DEVICE_MAX_COMPUTE_UNITS));
  facts.native_floats =
      static_cast<int>(device_number<cl_uint>(id, CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT));
  facts.alignment = std::max<std::size_t>(
      64, device_number<cl_uint>(id, CL_DEVICE_MEM_BASE_ADDR_ALIGN) / 8);  // it counts bits
  facts.largest_group = device_number<std::size_t>(id, CL_DEVICE_MAX_WORK_GROUP_SIZE);
  facts.memory = device_number<cl_ulong>(id, CL_DEVICE_GLOBAL_MEM_SIZE);
  facts.largest_buffer = device_number<cl_ulong>(id, CL_DEVICE_MAX_MEM_ALLOC_SIZE);
  const auto floats = device_number<cl_device_fp_config>(id, CL_DEVICE_SINGLE_FP_CONFIG);
  facts.fma = (floats & CL_FP_FMA) != 0;
  facts.denormals = (floats & CL_FP_DENORM) != 0;
  facts.special_values = (floats & CL_FP_INF_NAN) != 0;
  facts.exact_division = (floats & CL_FP_CORRECTLY_ROUNDED_DIVIDE_SQRT) != 0;
  return facts;
}

std::vector<cl_platform_id> platforms() {
  constexpr cl_int kNoDriver = -1001;  // CL_PLATFORM_NOT_FOUND_KHR: what a loader alone says
  cl_uint count = 0;
  const cl_int code = api().clGetPlatformIDs(0, nullptr, &count);
  if (code != kNoDriver) require(code, "clGetPlatformIDs");
  if (code == kNoDriver || count == 0) return {};
  std::vector<cl_platform_id> list(count);
  require(api().clGetPlatformIDs(count, list.data(), nullptr), "clGetPlatformIDs");
  return list;
}

// Empty if the driver has none.
std::string binary_of(cl_program program) {
  std::size_t size = 0;
  if (api().clGetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, sizeof(size), &size, nullptr) !=
      CL_SUCCESS)
    return {};
  std::string binary(size, '\0');
  char* data = binary.data();
  const cl_int code =
      api().clGetProgramInfo(program, CL_PROGRAM_BINARIES, sizeof(data), &data, nullptr);
  return code == CL_SUCCESS ? binary : std::string();
}

std::set<std::string, std::less<>> kernels_of(cl_program program) {
  std::istringstream names(read_text(
      [&](std::size_t size, char* text, std::size_t* needed) {
        return api().clGetProgramInfo(program, CL_PROGRAM_KERNEL_NAMES, size, text, needed);
      },
      "clGetProgramInfo"));
  std::set<std::string, std::less<>> kernels;
  for (std::string name; std::getline(names, name, ';');) kernels.insert(std::move(name));
  return kernels;
}

struct Found {
  cl_device_id id;
  DeviceFacts facts;
};

// What there is, and what stands in the way of more: one broken driver does not hide the others.
struct Search {
  std::vector<Found> devices;
  std::vector<std::string> problems;
};

// GPUs first, then boards, then CPUs.
int rank(const Found& device) {
  return device.facts.is_cpu() ? 2 : (device.facts.type & CL_DEVICE_TYPE_GPU) != 0 ? 0 : 1;
}

std::vector<Found> devices_of(cl_platform_id platform) {
  cl_uint count = 0;
  const cl_int code = api().clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 0, nullptr, &count);
  if (code == CL_DEVICE_NOT_FOUND) return {};
  require(code, "clGetDeviceIDs");
  std::vector<cl_device_id> ids(count);
  require(api().clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, count, ids.data(), nullptr),
          "clGetDeviceIDs");
  std::vector<Found> list;
  for (const cl_device_id id : ids) list.push_back({id, facts_of(id)});
  return list;
}

Search find_devices() {
  Search found;
  for (const cl_platform_id platform : platforms()) {
    try {
      for (Found& device : devices_of(platform)) found.devices.push_back(std::move(device));
    } catch (const Error& error) {
      found.problems.emplace_back(error.what());
    }
  }
  std::ranges::stable_sort(found.devices, {}, rank);
  return found;
}

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

bool is_meant(const Found& device, std::size_t index, const std::string& which) {
  if (which.empty() || which == std::to_string(index)) return true;
  const std::string part = lower(which);
  return lower(device.facts.name).find(part) != std::string::npos ||
         lower(device.facts.platform).find(part) != std::string::npos;
}

[[noreturn]] void fail_to_find(const Search& found, const std::string& which) {
  const std::string problems = join(found.problems);
  if (found.devices.empty())
    fail(ErrorCode::kNotFound, "there is no OpenCL device (",
         problems.empty() ? "no driver offers one" : problems,
         "); install a driver such as pocl-opencl-icd, or use --device cpu");
  std::vector<std::string> names;
  for (std::size_t i = 0; i < found.devices.size(); ++i)
    names.push_back(concat("opencl:", i, " (", found.devices[i].facts.name, ")"));
  fail(ErrorCode::kNotFound, "there is no OpenCL device ", quote(which),
       problems.empty() ? "" : " (" + problems + ")", "; there are: ", join(names));
}

}  // namespace

std::string DeviceFacts::missing() const {
  std::vector<std::string> list;
  if (!fma) list.emplace_back("fused multiply-add");
  if (!denormals) list.emplace_back("denormal numbers");
  if (!special_values) list.emplace_back("infinities and NaN");
  if (!exact_division) list.emplace_back("correctly rounded division and square root");
  return join(list);
}

std::string DeviceFacts::options() const {
  return concat("-cl-std=CL1.2 -w",
                exact_division ? " -cl-fp32-correctly-rounded-divide-sqrt" : "");
}

std::vector<DeviceFacts> Device::list() {
  std::vector<DeviceFacts> result;
  try {
    for (Found& device : find_devices().devices) result.push_back(std::move(device.facts));
  } catch (const Error&) {  // no loader, or a driver that is broken
  }
  return result;
}

cl_device_id Device::find(const std::string& which) {
  const Search found = find_devices();
  for (std::size_t i = 0; i < found.devices.size(); ++i)
    if (is_meant(found.devices[i], i, which)) return found.devices[i].id;
  fail_to_find(found, which);
}

std::shared_ptr<Device> Device::open(const std::string& which,
                                     const std::optional<ProgramFolder>& offline) {
  static std::mutex mutex;
  // By program too: a device computes with one.
  static std::map<std::pair<cl_device_id, std::string>, std::weak_ptr<Device>> opened;
  const cl_device_id id = find(which);
  const std::lock_guard lock(mutex);
  std::erase_if(opened, [](const auto& entry) { return entry.second.expired(); });
  std::weak_ptr<Device>& known = opened[{id, offline ? offline->identity() : ""}];
  if (auto device = known.lock()) return device;
  auto device = std::make_shared<Device>(id, offline);
  device->judge();
  known = device;
  return device;
}

Device::Device(cl_device_id id, std::optional<ProgramFolder> offline)
    : id_(id), facts_(facts_of(id)), offline_(std::move(offline)) {
  if (offline_) offline_->require_for(facts_);
  cl_int code = CL_SUCCESS;
  context_ = ContextHandle(api().clCreateContext(nullptr, 1, &id_, nullptr, nullptr, &code));
  require(code, "clCreateContext on " + facts_.name);
}

// Before others see the device.
void Device::judge() {
  const std::string missing = facts_.missing();
  if (offline_) built("");
  other_bits_ = missing.empty() ? self_test(*this) : "it has no " + missing;
}

Queue Device::make_queue(bool profiled) const {
  cl_int code = CL_SUCCESS;
  Queue queue(api().clCreateCommandQueue(
      context_.get(), id_, profiled ? CL_QUEUE_PROFILING_ENABLE : cl_command_queue_properties{0},
      &code));
  require(code, "clCreateCommandQueue on " + facts_.name);
  return queue;
}

Buffer Device::allocate(std::size_t bytes, cl_mem_flags flags) const {
  cl_int code = CL_SUCCESS;
  Buffer buffer(
      api().clCreateBuffer(context_.get(), flags, std::max<std::size_t>(bytes, 1), nullptr, &code));
  require(code, concat("clCreateBuffer of ", bytes, " bytes on ", facts_.name));
  return buffer;
}

Buffer Device::upload(const void* data, std::size_t bytes) const {
  if (bytes == 0) return allocate(0);
  cl_int code = CL_SUCCESS;
  Buffer buffer(api().clCreateBuffer(context_.get(), CL_MEM_READ_ONLY | CL_MEM_COPY_HOST_PTR, bytes,
                                     const_cast<void*>(data), &code));
  require(code, concat("clCreateBuffer of ", bytes, " bytes on ", facts_.name));
  return buffer;
}

std::size_t Device::lane_items() const noexcept {
  const bool spread = !facts_.is_cpu() && variant() == Variant::kStandard;
  return spread ? static_cast<std::size_t>(numerics::kLanes) : 1;
}

bool Device::has_kernel(std::string_view kernel) const noexcept {
  return variant() == Variant::kStandard || offline_->manifest().kernels.contains(kernel);
}

KernelHandle Device::make_kernel(const char* program, const char* kernel) {
  const std::lock_guard lock(mutex_);
  if (offline_ && !offline_->manifest().kernels.contains(std::string_view(kernel)))
    offline_->refuse("has no kernel " + quote(kernel));
  cl_int code = CL_SUCCESS;
  KernelHandle handle(api().clCreateKernel(built(program).program.get(), kernel, &code));
  require(code, concat("clCreateKernel of ", program, "/", kernel));
  return handle;
}

bool Device::is_new(const char* program, const std::string& launch) {
  if (offline_) return false;
  const std::lock_guard lock(mutex_);
  Built& known = built(program);
  known.launched.insert(launch);
  return !known.stored.contains(launch);
}

void Device::save_programs() noexcept {
  const std::lock_guard lock(mutex_);
  for (auto& [name, known] : programs_) {
    if (std::ranges::includes(known.stored, known.launched)) continue;
    try {
      save(known);
    } catch (const std::exception&) {  // no memory: the next process builds again
    }
  }
}

void Device::save(Built& known) {
  known.stored.insert(known.launched.begin(), known.launched.end());
  std::string binary = binary_of(known.program.get());
  if (known.cache && !binary.empty()) known.cache->store({std::move(binary), known.stored});
}

Device::Compiled Device::compile(const std::string& source, const std::string& options) const {
  const Program program = build("all", source, options);
  Compiled compiled{binary_of(program.get()), kernels_of(program.get())};
  ENGINE_REQUIRE(!compiled.binary.empty(), ErrorCode::kDeviceFailed, facts_.name,
                 " gives no binary of a program that it has built");
  return compiled;
}

// The caller holds the lock.
Device::Built& Device::built(const std::string& program) {
  const std::string name = offline_ ? "" : program;  // one for all
  const auto it = programs_.find(name);
  return it != programs_.end()
             ? it->second
             : programs_.emplace(name, offline_ ? load_offline() : load_or_build(name))
                   .first->second;
}

Device::Built Device::load_or_build(const std::string& name) const {
  const std::string source = program_source(name);
  const std::string how = concat(facts_.options(), " -DLANES=", facts_.lanes(),
                                 " -DNARROW=", facts_.is_narrow() ? 1 : 0);
  const ProgramCache cache(name, concat(facts_.platform, "\n", facts_.name, "\n", facts_.version,
                                        "\n", facts_.driver, "\n", how, "\n", source));
  std::string ignored;
  if (const auto cached = cache.load())
    if (Program program = build_binary(cached->binary, how, ignored))
      return {std::move(program), cache, cached->launches, {}};
  return {build(name, source, how), cache, {}, {}};
}

Device::Built Device::load_offline() const {
  std::string problem;
  Program program = build_binary(offline_->binary(), offline_->manifest().options, problem);
  if (!program) offline_->refuse("has a binary that the driver does not take (" + problem + ")");
  for (const std::string& kernel : offline_->manifest().kernels) {
    cl_int code = CL_SUCCESS;
    const KernelHandle handle(api().clCreateKernel(program.get(), kernel.c_str(), &code));
    if (code == CL_INVALID_KERNEL_NAME)
      offline_->refuse(concat("lacks the kernel ", quote(kernel)));
    require(code, "clCreateKernel of " + kernel);
  }
  return {std::move(program), std::nullopt, {}, {}};
}

// Null if the driver does not take it, and which call did not.
Program Device::build_binary(const std::string& binary, const std::string& options,
                             std::string& problem) const {
  const std::size_t size = binary.size();
  const auto* data = reinterpret_cast<const unsigned char*>(binary.data());
  cl_int code = CL_SUCCESS;
  Program program(
      api().clCreateProgramWithBinary(context_.get(), 1, &id_, &size, &data, nullptr, &code));
  problem = "clCreateProgramWithBinary: " + error_name(code);
  if (code != CL_SUCCESS) return {};
  code = api().clBuildProgram(program.get(), 1, &id_, options.c_str(), nullptr, nullptr);
  problem = "clBuildProgram: " + error_name(code);
  return code == CL_SUCCESS ? std::move(program) : Program();
}

Program Device::build(const std::string& name, const std::string& source,
                      const std::string& options) const {
  const char* text = source.c_str();
  cl_int code = CL_SUCCESS;
  Program program(api().clCreateProgramWithSource(context_.get(), 1, &text, nullptr, &code));
  require(code, "clCreateProgramWithSource of " + name);
  code = api().clBuildProgram(program.get(), 1, &id_, options.c_str(), nullptr, nullptr);
  if (code == CL_SUCCESS) return program;
  fail(ErrorCode::kDeviceFailed, "the OpenCL program ", quote(name), " does not build on ",
       facts_.name, ", ", error_name(code), ":\n", build_log(program.get()));
}

std::string Device::build_log(cl_program program) const {
  try {
    return read_text(
        [&](std::size_t size, char* to, std::size_t* needed) {
          return api().clGetProgramBuildInfo(program, id_, CL_PROGRAM_BUILD_LOG, size, to, needed);
        },
        "clGetProgramBuildInfo");
  } catch (const DriverError& error) {
    return concat("there is no log: ", error.what());
  }
}

}  // namespace engine::opencl
