#include "support/model_case.h"

#include "base/dispatch.h"
#include "base/text.h"
#include "loaders/onnx/load.h"
#include "support/operator_case.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace engine::test {
namespace {

namespace fs = std::filesystem;

const fs::path kCases = fs::path(ENGINE_SOURCE_DIR) / "models" / "cases";

Tensor read_tensor(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
  return onnx::load_tensor(std::as_bytes(std::span(bytes)));
}

Index rows_of(const Tensor& tensor) { return tensor.shape().at(0); }
std::size_t row_bytes(const Tensor& tensor) {
  return rows_of(tensor) ? tensor.bytes() / static_cast<std::size_t>(rows_of(tensor)) : 0;
}

Tensor rows(const Tensor& pool, Index count, Index first) {
  Shape shape = pool.shape();
  shape[0] = count;
  Tensor result(pool.dtype(), shape);
  const std::size_t bytes = row_bytes(pool);
  for (Index i = 0; i < count; ++i)
    std::memcpy(
        static_cast<std::byte*>(result.mutable_data()) + static_cast<std::size_t>(i) * bytes,
        static_cast<const std::byte*>(pool.data()) +
            static_cast<std::size_t>((first + i) % rows_of(pool)) * bytes,
        bytes);
  return result;
}

// The rows of `seen`, repeated; float repetitions are scaled so that no two rows are equal.
Tensor grow(const Tensor& seen, Index samples) {
  Tensor pool = rows(seen, samples, 0);
  if (pool.dtype() != DType::kFloat32) return pool;
  const Index known = rows_of(seen), row = pool.size() / samples;
  const Tensor factors = random(DType::kFloat32, {samples}, 99, 0.75, 1.25);
  for (Index i = known; i < samples; ++i)
    for (float& value : pool.mutable_values<float>().subspan(i * row, row))
      value *= factors.values<float>()[static_cast<std::size_t>(i)];
  return pool;
}

template <class Memory>
void copy_bytes(Memory to, const Tensor& from) {
  std::memcpy(to.data(), from.data(), from.bytes());
}

Tensors run_bound(const Session& session, const Tensors& inputs) {
  std::map<std::string, Shape, std::less<>> shapes;
  for (const auto& [name, tensor] : inputs) shapes[name] = tensor.shape();
  BoundCall call = session.bind(shapes);
  for (const auto& [name, tensor] : inputs)
    dispatch_all(tensor.dtype(), [&, &name = name, &tensor = tensor](auto tag) {
      copy_bytes(call.input<typename decltype(tag)::type>(name), tensor);
    });
  const Status status = call.run();
  EXPECT_TRUE(status.ok()) << call.message(status);
  Tensors outputs;
  for (const TensorInfo& info : session.model().outputs())
    dispatch_all(info.dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      outputs[info.name] = Tensor::of<T>(call.output_shape(info.name), call.output<T>(info.name));
    });
  return outputs;
}

}  // namespace

std::vector<std::string> model_case_names() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(kCases))
    if (entry.is_directory()) names.push_back(entry.path().filename().string());
  std::ranges::sort(names);
  return names;
}

ModelCase load_model_case(const std::string& name, Index samples) {
  ModelCase c{name, Model::load(kCases / name / "model.onnx"), {}, samples};
  for (std::size_t i = 0; i < c.model.inputs().size(); ++i) {
    const fs::path file = kCases / name / "test_data_set_0" / concat("input_", i, ".pb");
    c.pool[c.model.inputs()[i].name] = grow(read_tensor(file), samples);
  }
  return c;
}

ModelCase random_model_case(const std::string& file, Index samples) {
  ModelCase c{fs::path(file).stem().string(), Model::load(file), {}, samples};
  for (const TensorInfo& info : c.model.inputs()) {
    Shape shape;
    for (const Dimension& dim : info.shape) shape.push_back(dim.free() ? samples : dim.size);
    c.pool[info.name] = random(info.dtype, shape, 1);
  }
  return c;
}

Tensors take_batch(const ModelCase& c, Index batch, Index first) {
  Tensors result;
  for (const auto& [name, pool] : c.pool) result[name] = rows(pool, batch, first);
  return result;
}

Tensors take_row(const Tensors& tensors, Index row) {
  Tensors result;
  for (const auto& [name, tensor] : tensors) result[name] = rows(tensor, 1, row);
  return result;
}

const char* name_of(Path path) {
  switch (path) {
    case Path::kRun: return "run";
    case Path::kSubmit: return "submit";
    case Path::kBind: return "bind";
  }
  return "unknown";
}

Tensors run_path(const Session& session, const Tensors& inputs, Path path) {
  if (path == Path::kSubmit) return session.submit(inputs).get();
  if (path == Path::kBind) {
    try {
      return run_bound(session, inputs);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kUnsupported) throw;
    }
  }
  return session.run(inputs);
}

std::vector<std::string> cpu_devices() {
  std::vector<std::string> names;
  for (const Isa isa : available_isas())
    names.push_back(std::string("cpu:") + engine::to_string(isa));
  return names;
}

std::string compare_all(const Tensors& got, const Tensors& wanted) {
  if (got.size() != wanted.size()) return concat(got.size(), " outputs against ", wanted.size());
  for (const auto& [name, tensor] : wanted) {
    const auto it = got.find(name);
    if (it == got.end()) return "no output " + name;
    if (const std::string text = compare_bits(it->second, tensor); !text.empty())
      return name + ": " + text;
  }
  return {};
}

std::vector<Tensors> run_alone(const ModelCase& c, const std::string& device) {
  const Session session(c.model, {.device = device});
  std::vector<Tensors> alone;
  for (Index i = 0; i < c.samples; ++i) alone.push_back(session.run(take_batch(c, 1, i)));
  return alone;
}

std::string compare_batch(const Tensors& outputs, const std::vector<Tensors>& alone, Index batch,
                          Index first) {
  for (const auto& [name, tensor] : outputs)
    if (tensor.rank() < 1 || rows_of(tensor) != batch)
      return concat(name, " is ", to_string(tensor.shape()), " for a batch of ", batch);
  for (Index i = 0; i < batch; ++i) {
    const auto sample = static_cast<std::size_t>((first + i) % std::ssize(alone));
    const std::string text = compare_all(take_row(outputs, i), alone[sample]);
    if (!text.empty()) return concat("sample ", sample, " at position ", i, ": ", text);
  }
  return {};
}

}  // namespace engine::test
