#include "metrics.h"

#include <algorithm>

namespace jets {

Confusion confusion(std::span<const float> scores, std::span<const int> labels) {
  Confusion counts{};
  for (std::size_t jet = 0; jet < labels.size(); ++jet) {
    const float* row = scores.data() + jet * kClasses;
    const auto best = std::max_element(row, row + kClasses) - row;
    ++counts[static_cast<std::size_t>(labels[jet])][static_cast<std::size_t>(best)];
  }
  return counts;
}

double accuracy(const Confusion& counts) {
  int right = 0, all = 0;
  for (std::size_t truth = 0; truth < kClasses; ++truth) {
    right += counts[truth][truth];
    for (const int count : counts[truth]) all += count;
  }
  return all ? double(right) / all : 0;
}

Roc roc(std::span<const float> scores, std::span<const int> labels, int signal_class) {
  struct Jet {
    float score;
    bool signal;
  };
  std::vector<Jet> jets;
  double signals = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const bool signal = labels[i] == signal_class;
    jets.push_back({scores[i * kClasses + static_cast<std::size_t>(signal_class)], signal});
    signals += signal;
  }
  const double backgrounds = static_cast<double>(jets.size()) - signals;
  std::ranges::sort(jets, std::greater{}, &Jet::score);
  Roc curve;
  curve.points.push_back({0, 0});
  double passed_signal = 0, passed_background = 0;
  for (std::size_t i = 0; i < jets.size(); ++i) {
    (jets[i].signal ? passed_signal : passed_background) += 1;
    if (i + 1 < jets.size() && jets[i + 1].score == jets[i].score) continue;  // one cut, one point
    const RocPoint point{passed_signal / signals, passed_background / backgrounds};
    const RocPoint& last = curve.points.back();
    curve.auc += (point.background - last.background) * (point.signal + last.signal) / 2;
    curve.points.push_back(point);
  }
  return curve;
}

}  // namespace jets
