// ONNX Runtime through its C interface: inputs and outputs are bound once, so that a run is one
// call.
#include "onnxruntime_api.h"
#include "serve.h"

namespace peers {
namespace {

using namespace ort;

Type type_named(const std::string& type) {
  if (type == "float32") return Type::kFloat32;
  if (type == "float64") return Type::kFloat64;
  if (type == "int32") return Type::kInt32;
  if (type == "int64") return Type::kInt64;
  throw std::runtime_error("inputs of type " + type + " are not given");
}

std::size_t size_of(Type type) {
  switch (type) {
    case Type::kFloat32:
    case Type::kInt32: return 4;
    case Type::kFloat64:
    case Type::kInt64: return 8;
  }
  throw std::runtime_error("outputs of this type are not compared");
}

class Peer {
 public:
  Peer(const Job& job, const Base& base) : job_(job), api_(base.table(kVersion)) {
    Environment* environment = nullptr;
    api_.create_environment(kErrorsOnly, "peer", &environment);
    Options* options = nullptr;
    api_.create_options(&options);
    api_.set_optimization(options, kAllOptimizations);
    api_.set_threads(options, job_.threads);
    api_.create_session(environment, job_.model.c_str(), options, &session_);
    api_.create_memory_info(kArena, kDefaultMemory, &memory_);
    api_.create_binding(session_, &binding_);
    for (Input& input : job_.inputs) bind(input);
    bind_outputs();
  }

  void run() const { api_.run_bound(session_, nullptr, binding_); }

  void write_outputs() const {
    run();
    for (std::size_t i = 0; i < job_.outputs.size(); ++i) {
      TypeInfo* info = nullptr;
      api_.tensor_type(outputs_[i], &info);
      Type type{};
      api_.element_type(info, &type);
      std::size_t count = 0;
      api_.element_count(info, &count);
      void* data = nullptr;
      api_.tensor_data(outputs_[i], &data);
      write_bytes(job_.outputs[i].file, data, count * size_of(type));
    }
  }

 private:
  static constexpr std::uint32_t kVersion = 17;  // of the table; newer libraries keep older ones
  static constexpr int kErrorsOnly = 3, kAllOptimizations = 99, kArena = 1, kDefaultMemory = 0;

  void bind(Input& input) {
    Value* value = nullptr;
    api_.create_tensor(memory_, input.bytes.data(), input.bytes.size(), input.shape.data(),
                       input.shape.size(), type_named(input.type), &value);
    api_.bind_input(binding_, input.name.c_str(), value);
  }

  // The first run finds the shapes of the outputs; later ones write into its tensors.
  void bind_outputs() {
    for (const Output& output : job_.outputs)
      api_.bind_output_to(binding_, output.name.c_str(), memory_);
    run();
    Allocator* allocator = nullptr;
    api_.default_allocator(&allocator);
    std::size_t count = 0;
    api_.bound_values(binding_, allocator, &outputs_, &count);
    if (count != job_.outputs.size()) throw std::runtime_error("not all outputs were made");
    for (std::size_t i = 0; i < count; ++i)
      api_.bind_output(binding_, job_.outputs[i].name.c_str(), outputs_[i]);
  }

  Job job_;
  Api api_;
  Session* session_ = nullptr;
  MemoryInfo* memory_ = nullptr;
  Binding* binding_ = nullptr;
  Value** outputs_ = nullptr;
};

std::vector<Implementation> make(const Job& job) {
  const DynamicLibrary library(job.setting("library"));
  const Base& base = *library.get<const Base*()>("OrtGetApiBase")();
  const auto peer = std::make_shared<Peer>(job, base);
  return {{"onnxruntime", base.version(), loop([peer] { peer->run(); }),
           [peer] { peer->write_outputs(); }}};
}

}  // namespace
}  // namespace peers

int main(int argc, char** argv) { return peers::serve(argc, argv, peers::make); }
