// A program of somebody else's: finds the installed package, and uses every part of the public API.
#include <engine/engine.h>

#include <cstdio>

int main(int, char** argv) {
  const auto model = engine::Model::load(argv[1]);
  const engine::Session session(model, {.device = "cpu"});
  auto call = session.bind({{"jets", {2, 16}}});
  if (!call.run().ok()) return 1;
  const engine::Tensor jets(engine::DType::kFloat32, {2, 16});
  const auto report = engine::compare(model, "cpu", "reference", {{"jets", jets}});
  if (!report.within() || session.submit({{"jets", jets}}).get().size() != 1) return 1;
  engine::Profile profile;
  if (!call.run(profile).ok() || engine::to_trace_json(profile).empty()) return 1;
  std::printf("engine %s, contract %d: %zu nodes\n", engine::version(), engine::contract_version(),
              profile.nodes.size());
  return 0;
}
