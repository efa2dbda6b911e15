// OpenVINO through its C interface: float32 forced, latency hint, the request's own tensors.
#include "dynamic_library.h"
#include "serve.h"

#include <cstring>
#include <memory>

namespace peers {
namespace {

// The part of the interface that is needed here; all functions return 0 for success.
struct Core;
struct Compiled;
struct Request;
struct Tensor;
struct Version {
  const char* build;
  const char* description;
};

struct Api {
  explicit Api(const DynamicLibrary& library)
      : version(library.get<int(Version*)>("ov_get_openvino_version")),
        message(library.get<const char*()>("ov_get_last_err_msg")),
        create(library.get<int(Core**)>("ov_core_create")),
        compile(
            library.get<int(const Core*, const char*, const char*, std::size_t, Compiled**, ...)>(
                "ov_core_compile_model_from_file")),
        property(library.get<int(const Compiled*, const char*, char**)>(
            "ov_compiled_model_get_property")),
        request(
            library.get<int(const Compiled*, Request**)>("ov_compiled_model_create_infer_request")),
        tensor(
            library.get<int(const Request*, const char*, Tensor**)>("ov_infer_request_get_tensor")),
        infer(library.get<int(Request*)>("ov_infer_request_infer")),
        data(library.get<int(const Tensor*, void**)>("ov_tensor_data")),
        bytes(library.get<int(const Tensor*, std::size_t*)>("ov_tensor_get_byte_size")) {}

  void check(int status) const {
    if (status) throw std::runtime_error(message());
  }

  int (*version)(Version*);
  const char* (*message)();
  int (*create)(Core**);
  int (*compile)(const Core*, const char*, const char*, std::size_t, Compiled**, ...);
  int (*property)(const Compiled*, const char*, char**);
  int (*request)(const Compiled*, Request**);
  int (*tensor)(const Request*, const char*, Tensor**);
  int (*infer)(Request*);
  int (*data)(const Tensor*, void**);
  int (*bytes)(const Tensor*, std::size_t*);
};

class Peer {
 public:
  explicit Peer(const Job& job) : job_(job), api_(DynamicLibrary(job.setting("library"))) {
    Core* core = nullptr;
    api_.check(api_.create(&core));
    const std::string threads = std::to_string(job.threads);
    api_.check(api_.compile(core, job.model.c_str(), "CPU", kPropertyWords, &compiled_,
                            "PERFORMANCE_HINT", "LATENCY", "INFERENCE_PRECISION_HINT", "f32",
                            "INFERENCE_NUM_THREADS", threads.c_str(), "NUM_STREAMS", "1"));
    api_.check(api_.request(compiled_, &request_));
    for (const Input& input : job_.inputs) fill(input);
  }

  void run() const {
    if (api_.infer(request_)) api_.check(1);
  }

  void write_outputs() const {
    run();
    for (const Output& output : job_.outputs) {
      const auto [data, bytes] = memory_of(output.name);
      write_bytes(output.file, data, bytes);
    }
  }

  // With the precision that the compiled model says it has: the default may be bfloat16.
  std::string version() const {
    Version version{};
    api_.check(api_.version(&version));
    char* precision = nullptr;
    api_.check(api_.property(compiled_, "INFERENCE_PRECISION_HINT", &precision));
    const std::string build = version.build;
    return build.substr(0, build.find('-')) + " " + precision;
  }

 private:
  static constexpr std::size_t kPropertyWords = 8;

  struct Memory {
    void* data;
    std::size_t bytes;
  };

  Memory memory_of(const std::string& name) const {
    Tensor* tensor = nullptr;
    api_.check(api_.tensor(request_, name.c_str(), &tensor));
    Memory memory{};
    api_.check(api_.data(tensor, &memory.data));
    api_.check(api_.bytes(tensor, &memory.bytes));
    return memory;
  }

  void fill(const Input& input) const {
    const auto [data, bytes] = memory_of(input.name);
    if (bytes != input.bytes.size()) throw std::runtime_error("an input is not of its shape");
    std::memcpy(data, input.bytes.data(), bytes);
  }

  Job job_;
  Api api_;
  Compiled* compiled_ = nullptr;
  Request* request_ = nullptr;
};

std::vector<Implementation> make(const Job& job) {
  const auto peer = std::make_shared<Peer>(job);
  return {{"openvino", peer->version(), loop([peer] { peer->run(); }),
           [peer] { peer->write_outputs(); }}};
}

}  // namespace
}  // namespace peers

int main(int argc, char** argv) { return peers::serve(argc, argv, peers::make); }
