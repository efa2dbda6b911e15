#include "ops/opencl/faulty_api.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <string_view>
#include <tuple>
#include <type_traits>

namespace engine::test {
namespace {

using opencl::Api;

struct State {
  std::mutex mutex;
  Api real, layer;
  std::vector<std::string> calls;
  int fail_at = -1;
  cl_int code = CL_SUCCESS;
  int live = 0;
};
State state;

// Whether the driver must not see this call.
bool fails(const char* name) {
  const std::lock_guard lock(state.mutex);
  state.calls.emplace_back(name);
  return static_cast<int>(state.calls.size()) - 1 == state.fail_at;
}

void add_live(int n) {
  const std::lock_guard lock(state.mutex);
  state.live += n;
}

// Asked any number of times while a run goes on.
bool is_question(std::string_view name) { return name == "clGetEventInfo"; }

bool gives_back(std::string_view name) {
  return name.starts_with("clRelease") || name == "clEnqueueUnmapMemObject";
}

template <auto kFunction, class Type>
struct Layer;

template <auto kFunction, class Result, class... Arguments>
struct Layer<kFunction, Result (*)(Arguments...)> {
  static inline const char* name = nullptr;

  static Result call(Arguments... arguments) {
    auto& last = std::get<sizeof...(Arguments) - 1>(std::tie(arguments...));
    if constexpr (std::is_same_v<Result, cl_int>) {
      if (gives_back(name)) add_live(-1);
      else if (!is_question(name) && fails(name)) return state.code;
      const cl_int code = (state.real.*kFunction)(arguments...);
      if constexpr (std::is_same_v<decltype(last), cl_event*&>)
        if (code == CL_SUCCESS && last && !gives_back(name)) add_live(1);
      return code;
    } else {
      if (fails(name)) {
        *last = state.code;
        return nullptr;
      }
      const Result made = (state.real.*kFunction)(arguments...);
      if (made) add_live(1);
      return made;
    }
  }
};

}  // namespace

FaultyApi::FaultyApi() {
  state.real = opencl::api();
  state.live = 0;
#define ENGINE_CL(function)                                      \
  {                                                              \
    using Here = Layer<&Api::function, decltype(Api::function)>; \
    Here::name = #function;                                      \
    state.layer.function = Here::call;                           \
  }
  ENGINE_CL_FUNCTIONS(ENGINE_CL)
#undef ENGINE_CL
  fail_at(-1);
  opencl::replace_api(&state.layer);
}

FaultyApi::~FaultyApi() { opencl::replace_api(nullptr); }

void FaultyApi::fail_at(int k, cl_int code) {
  const std::lock_guard lock(state.mutex);
  state.calls.clear();
  state.fail_at = k;
  state.code = code;
}

std::vector<std::string> FaultyApi::calls() const {
  const std::lock_guard lock(state.mutex);
  return state.calls;
}

int FaultyApi::count(const std::string& name) const {
  return static_cast<int>(std::ranges::count(calls(), name));
}

int FaultyApi::live() const {
  const std::lock_guard lock(state.mutex);
  return state.live;
}

OwnCache::OwnCache() {
  std::string name = (std::filesystem::temp_directory_path() / "engine_cache_XXXXXX").string();
  path_ = mkdtemp(name.data());
  const char* before = std::getenv("XDG_CACHE_HOME");
  before_ = before ? before : "";
  setenv("XDG_CACHE_HOME", path_.c_str(), 1);
}

OwnCache::~OwnCache() {
  if (before_.empty()) unsetenv("XDG_CACHE_HOME");
  else setenv("XDG_CACHE_HOME", before_.c_str(), 1);
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::vector<std::string> OwnCache::files() const {
  std::vector<std::string> list;
  const std::filesystem::path folder = std::filesystem::path(path_) / "engine" / "opencl";
  if (std::filesystem::exists(folder))
    for (const auto& entry : std::filesystem::directory_iterator(folder))
      list.push_back(entry.path().string());
  return list;
}

}  // namespace engine::test
