// A shared library that is opened at run time, and its functions by name.
#pragma once

#include <dlfcn.h>

#include <stdexcept>
#include <string>

namespace peers {

class DynamicLibrary {
 public:
  /// Opens a file; it stays open until the process ends.
  explicit DynamicLibrary(const std::string& file) : handle_(dlopen(file.c_str(), RTLD_NOW)) {
    if (!handle_) throw std::runtime_error(dlerror());
  }

  /// A function of the given type; throws if the library has none of this name.
  template <class Function>
  Function* get(const char* name) const {
    void* found = dlsym(handle_, name);
    if (!found) throw std::runtime_error(std::string("the library has no ") + name);
    return reinterpret_cast<Function*>(found);
  }

 private:
  void* handle_;
};

}  // namespace peers
