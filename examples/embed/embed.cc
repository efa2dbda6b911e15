// Class scores of one jet by a trained tagger: g, q, W, Z, t.
#include <engine/engine.h>

#include <algorithm>
#include <cstdio>

int main(int argc, char** argv) try {
  const auto model = engine::Model::load(argc > 1 ? argv[1] : "models/jet_tagger.onnx");
  const engine::Session session(model, {.device = "cpu", .threads = 1});

  engine::BoundCall call = session.bind({{"jets", {1, 16}}});  // takes all memory that a run needs
  std::ranges::fill(call.input<float>("jets"), 0.5f);          // in place of a jet's 16 features
  if (const engine::Status status = call.run(); !status.ok())  // allocates nothing, throws nothing
    return std::fprintf(stderr, "%s\n", call.message(status).c_str()), 1;
  for (const float score : call.output<float>("scores")) std::printf("%.6f ", score);
  return std::puts("") < 0;
} catch (const engine::Error& error) {
  return std::fprintf(stderr, "%s\n", error.what()), 2;
}
