#include <engine/model.h>

#include "base/check.h"
#include "base/text.h"
#include "session/model_impl.h"

#include <algorithm>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

namespace engine {

std::string to_string(const TensorInfo& info) {
  std::string text = to_string(info.dtype);
  if (!info.ranked) return text + " [...]";
  text += " [";
  for (std::size_t i = 0; i < info.shape.size(); ++i) {
    if (i) text += ", ";
    const Dimension& dim = info.shape[i];
    text += !dim.free() ? std::to_string(dim.size) : dim.name.empty() ? "?" : dim.name;
  }
  return text + "]";
}

Model Model::load(const std::filesystem::path& file, const LoadOptions& options) {
  auto impl = std::make_shared<Impl>();
  impl->file = file;
  impl->options = options;
  impl->info = onnx::load_file(file, options);
  impl->graph = std::make_unique<graph::Graph>(std::move(impl->info.graph));
  impl->name = file.filename().string();
  std::error_code ignored;
  impl->file_bytes = std::filesystem::file_size(file, ignored);
  impl->file_time = std::filesystem::last_write_time(file, ignored);
  return Model(std::move(impl));
}

Model Model::parse(std::span<const std::byte> bytes, const LoadOptions& options) {
  auto impl = std::make_shared<Impl>();
  impl->options = options;
  impl->info = onnx::load_bytes(bytes, options);
  impl->graph = std::make_unique<graph::Graph>(std::move(impl->info.graph));
  impl->name = impl->graph->name;
  return Model(std::move(impl));
}

const std::vector<TensorInfo>& Model::inputs() const noexcept { return impl_->info.inputs; }
const std::vector<TensorInfo>& Model::outputs() const noexcept { return impl_->info.outputs; }
const std::map<std::string, std::string>& Model::metadata() const noexcept {
  return impl_->info.metadata;
}
const std::string& Model::name() const noexcept { return impl_->name; }

std::vector<std::string> Model::free_dimensions() const {
  std::vector<std::string> names;
  for (const TensorInfo& input : inputs())
    for (const Dimension& dim : input.shape)
      if (dim.free() && !dim.name.empty() && std::ranges::find(names, dim.name) == names.end())
        names.push_back(dim.name);
  return names;
}

graph::Graph Model::Impl::load_graph() const {
  if (graph) return *graph;
  std::error_code failed;
  const bool same = std::filesystem::file_size(file, failed) == file_bytes && !failed &&
                    std::filesystem::last_write_time(file, failed) == file_time && !failed;
  ENGINE_REQUIRE(
      same, ErrorCode::kIo, "model ", quote(name),
      " has changed since it was loaded, and its weights are needed again; load it anew");
  onnx::LoadedModel again = onnx::load_file(file, options);
  return std::move(again.graph);
}

graph::Graph Model::Impl::original() const {
  const std::lock_guard lock(mutex);
  return load_graph();
}

std::shared_ptr<const graph::Program> Model::Impl::program(
    const std::string& key, const std::vector<std::string>& disabled_passes,
    const std::function<std::shared_ptr<const ops::Backend>()>& backend) const {
  const std::lock_guard lock(mutex);
  if (auto program = programs[key].lock()) return program;
  graph::Graph copy = load_graph();
  if (!file.empty()) graph = nullptr;  // so that packing can let tensors go one by one
  auto program =
      std::make_shared<const graph::Program>(std::move(copy), backend(), disabled_passes);
  programs[key] = program;
#if defined(__GLIBC__)
  malloc_trim(0);  // the originals went one by one, in pieces too small to go back by themselves
#endif
  return program;
}

}  // namespace engine
