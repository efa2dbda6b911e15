// How good a classifier is.
#pragma once

#include <array>
#include <span>
#include <vector>

namespace jets {

inline constexpr int kClasses = 5;
inline constexpr std::array<const char*, kClasses> kNames = {"g", "q", "W", "Z", "t"};

/// counts[truth][prediction]
using Confusion = std::array<std::array<int, kClasses>, kClasses>;

/// `scores` [jets, kClasses], `labels` [jets]; the highest score wins.
Confusion confusion(std::span<const float> scores, std::span<const int> labels);
double accuracy(const Confusion& counts);

/// A point of a ROC curve: shares of signal and of background that pass a cut.
struct RocPoint {
  double signal, background;
};

struct Roc {
  std::vector<RocPoint> points;  ///< from (0, 0) to (1, 1), one for each different score
  double auc = 0;                ///< area below signal over background; 0.5 is guessing
};

/// One class against all others, cutting on its score.
Roc roc(std::span<const float> scores, std::span<const int> labels, int signal_class);

}  // namespace jets
