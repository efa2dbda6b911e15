// Tags simulated jets: reads a trained network and 4,000 jets, runs it on all of them, and tells
// how good and how fast it is. Uses nothing but the public API.
//
//   jet_tagging [MODELS] [PICTURE]      folder of jet_tagger.onnx and data/; where the ROC curves
//   go
#include "metrics.h"
#include "npy.h"
#include "roc_svg.h"

#include <engine/engine.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace jets;
using Clock = std::chrono::steady_clock;

struct Data {
  Table<float> features;  // [jets, 16]
  std::vector<int> labels;
};

Data read_data(const std::string& folder) {
  Data data{read_floats(folder + "/data/jets_features.npy"),
            read_ints(folder + "/data/jets_labels.npy").values};
  if (data.labels.size() != data.features.rows)
    throw std::runtime_error("features and labels differ in number");
  for (const int label : data.labels)
    if (label < 0 || label >= kClasses) throw std::runtime_error("a label is no class");
  return data;
}

// One jet at a time, as a reconstruction job meets them. Returns all scores.
std::vector<float> run_one_by_one(engine::BoundCall& call, const Data& data) {
  std::vector<float> scores;
  scores.reserve(data.labels.size() * kClasses);
  const auto input = call.input<float>("jets");
  const auto output = call.output<float>("scores");
  for (std::size_t jet = 0; jet < data.features.rows; ++jet) {
    std::copy_n(
        data.features.values.begin() + static_cast<std::ptrdiff_t>(jet * data.features.columns),
        data.features.columns, input.begin());
    if (const engine::Status status = call.run(); !status)
      throw std::runtime_error(call.message(status));
    scores.insert(scores.end(), output.begin(), output.end());
  }
  return scores;
}

std::vector<float> run_at_once(engine::BoundCall& call, const Data& data) {
  std::ranges::copy(data.features.values, call.input<float>("jets").begin());
  if (const engine::Status status = call.run(); !status)
    throw std::runtime_error(call.message(status));
  const auto output = call.output<float>("scores");
  return {output.begin(), output.end()};
}

// Jets per second: the median of a few rounds over all jets.
template <class Run>
double rate(std::size_t jets, const Run& run) {
  std::vector<double> rates;
  for (int i = 0; i < 15; ++i) {
    const Clock::time_point start = Clock::now();
    run();
    rates.push_back(static_cast<double>(jets) /
                    std::chrono::duration<double>(Clock::now() - start).count());
  }
  std::ranges::nth_element(rates, rates.begin() + 7);
  return rates[7];
}

void print_confusion(const Confusion& counts) {
  std::printf("\nconfusion matrix (rows: truth, columns: prediction, %% of the row)\n        ");
  for (const char* name : kNames) std::printf("%8s", name);
  std::printf("%8s\n", "jets");
  for (std::size_t truth = 0; truth < kClasses; ++truth) {
    int all = 0;
    for (const int count : counts[truth]) all += count;
    std::printf("%8s", kNames[truth]);
    for (const int count : counts[truth]) std::printf("%8.1f", all ? 100.0 * count / all : 0.0);
    std::printf("%8d\n", all);
  }
}

std::vector<Curve> print_aucs(const std::vector<float>& scores, const std::vector<int>& labels) {
  std::vector<Curve> curves;
  std::printf("\nAUC, one class against the rest\n");
  for (int c = 0; c < kClasses; ++c) {
    curves.push_back({kNames[static_cast<std::size_t>(c)], roc(scores, labels, c)});
    std::printf("%8s  %.3f\n", curves.back().name.c_str(), curves.back().roc.auc);
  }
  return curves;
}

void write_picture(const std::string& file, const std::vector<Curve>& curves, std::size_t jets) {
  const std::string subtitle =
      std::to_string(jets) +
      " simulated jets, 13 TeV pp, anti-k<tspan dy=\"3\" font-size=\"10\">T</tspan>"
      "<tspan dy=\"-3\"> R = 0.8, one class against the rest</tspan>";
  std::ofstream out(file);
  out << roc_svg(curves, "Jet tagging", subtitle);
  if (!out.flush()) throw std::runtime_error("cannot write " + file);
}

void tag(const std::string& models, const std::string& picture) {
  const Data data = read_data(models);
  const auto jets = data.features.rows;
  const engine::Model model = engine::Model::load(models + "/jet_tagger.onnx");
  const engine::Session session(model);
  engine::BoundCall single = session.bind({{"jets", {1, 16}}});
  engine::BoundCall batch = session.bind({{"jets", {static_cast<engine::Index>(jets), 16}}});

  const std::vector<float> scores = run_at_once(batch, data);
  const bool same_bits = scores == run_one_by_one(single, data);
  std::printf("%zu jets through jet_tagger.onnx on %s\n", jets, session.device().c_str());
  const Confusion counts = confusion(scores, data.labels);
  print_confusion(counts);
  std::printf("\naccuracy  %.3f\n", accuracy(counts));
  const std::vector<Curve> curves = print_aucs(scores, data.labels);

  const double single_rate = rate(jets, [&] { run_one_by_one(single, data); });
  const double batch_rate = rate(jets, [&] { run_at_once(batch, data); });
  std::printf("\nevents/s  %.0f one by one, %.0f in one batch (one thread)\n", single_rate,
              batch_rate);
  std::printf("scores one by one and in one batch have %s bits\n",
              same_bits ? "the same" : "DIFFERENT");
  write_picture(picture, curves, jets);
  std::printf("ROC curves in %s\n", picture.c_str());
  if (!same_bits) throw std::runtime_error("the batch size changed a result");
}

}  // namespace

int main(int argc, char** argv) {
  try {
    tag(argc > 1 ? argv[1] : "models", argc > 2 ? argv[2] : "roc.svg");
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "jet_tagging: %s\n", error.what());
    return 2;
  }
}
