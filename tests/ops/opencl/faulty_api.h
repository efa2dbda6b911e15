// OpenCL with faults: the functions of the loader, with counters and one chosen failure in between.
#pragma once

#include "ops/opencl/runtime/api.h"

#include <string>
#include <vector>

namespace engine::test {

/// Takes the place of the loader while it lives; one at a time, and no device outlives it.
class FaultyApi {
 public:
  FaultyApi();
  ~FaultyApi();
  FaultyApi(const FaultyApi&) = delete;

  /// Forgets the calls so far. The k-th from now on, counted from 0, fails with `code` and does not
  /// reach the driver; with -1 none does. What gives something back never fails.
  void fail_at(int k, cl_int code = CL_INVALID_OPERATION);
  /// Names of the calls that could have failed.
  std::vector<std::string> calls() const;
  int count(const std::string& name) const;
  /// Objects made and not released, mapped regions among them.
  int live() const;
};

/// A folder that is the user's cache folder, and empty at first, while this lives.
class OwnCache {
 public:
  OwnCache();
  ~OwnCache();
  OwnCache(const OwnCache&) = delete;
  /// All files below it.
  std::vector<std::string> files() const;
  const std::string& path() const noexcept { return path_; }

 private:
  std::string path_, before_;
};

}  // namespace engine::test
