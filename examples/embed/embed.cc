#include <engine/engine.h>

#include <algorithm>
#include <cstdio>
#include <vector>

int main(int argc, char** argv) try {
  const auto model = engine::Model::load(argc > 1 ? argv[1] : "models/jet_tagger.onnx");
  const engine::Session session(model, {.device = "cpu", .threads = 1});  // shared by all threads

  const std::vector<float> features(16, 1.0f);
  const auto jets = engine::Tensor::of<float>({1, 16}, features);
  const engine::Tensors outputs = session.run({{"jets", jets}});  // any batch, from any thread

  auto call = session.bind({{"jets", {1, 16}}});  // fixed shape: no allocation, no lock, no throw
  std::ranges::copy(features, call.input<float>("jets").begin());
  if (const auto status = call.run(); !status) return std::puts(call.message(status).c_str()), 1;

  for (const float score : call.output<float>("scores")) std::printf("%.6f ", score);
  std::puts(std::ranges::equal(call.output<float>("scores"), outputs.at("scores").values<float>())
                ? "- the same bits both ways"
                : "- different bits");
} catch (const engine::Error& error) {
  return std::fprintf(stderr, "%s\n", error.what()), 2;
}
