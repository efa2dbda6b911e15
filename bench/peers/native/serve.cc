#include "serve.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <iostream>
#include <sstream>
#include <stdexcept>

namespace peers {
namespace {

using Clock = std::chrono::steady_clock;

double ns_since(Clock::time_point start) {
  return std::chrono::duration<double, std::nano>(Clock::now() - start).count();
}

double sample(const Implementation& what, long runs) {
  const Clock::time_point start = Clock::now();
  what.repeat(runs);
  return ns_since(start) / static_cast<double>(runs);
}

// As many runs as let the clock's own cost vanish.
long runs_per_sample(const Implementation& what) {
  constexpr double kShortest = 20'000;  // ns
  long runs = 1;
  while (sample(what, runs) * static_cast<double>(runs) < kShortest) runs *= 2;
  return runs;
}

double median(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// A slice lasts long enough for clock speed and caches to be those of the implementation itself.
void take_samples(const Implementation& what, long runs, double ns, std::vector<double>& samples) {
  constexpr std::size_t kFewest = 3;
  const Clock::time_point start = Clock::now();
  std::size_t count = 0;
  do samples.push_back(sample(what, runs));
  while (++count < kFewest || ns_since(start) < ns);
}

std::vector<double> medians(const std::vector<Implementation>& all, double seconds) {
  constexpr int kSlices = 5;
  const int slices = all.size() > 1 ? kSlices : 1;
  const double slice_ns = 1e9 * seconds / slices / static_cast<double>(all.size());
  std::vector<long> runs;
  for (const Implementation& what : all) runs.push_back(runs_per_sample(what));
  std::vector<std::vector<double>> samples(all.size());
  for (int slice = 0; slice < slices; ++slice)
    for (std::size_t i = 0; i < all.size(); ++i)
      take_samples(all[i], runs[i], slice_ns, samples[i]);
  std::vector<double> result;
  for (std::vector<double>& values : samples) result.push_back(median(values));
  return result;
}

// Medians of each part over the runs of so many seconds.
std::vector<Part> median_parts(const Implementation& what, double seconds) {
  constexpr std::size_t kFewest = 3;
  if (!what.parts) throw std::runtime_error("it does not time layers");
  const Clock::time_point start = Clock::now();
  std::vector<Part> result = what.parts();  // the names; its times are those of a warm-up
  std::vector<std::vector<double>> samples(result.size());
  do {
    const std::vector<Part> run = what.parts();
    for (std::size_t i = 0; i < run.size(); ++i) samples.at(i).push_back(run[i].ns);
  } while (ns_since(start) < 1e9 * seconds || samples.at(0).size() < kFewest);
  for (std::size_t i = 0; i < result.size(); ++i) result[i].ns = median(samples[i]);
  return result;
}

// One line, whatever the text has in it.
std::string one_line(std::string text) {
  std::ranges::replace_if(
      text, [](char c) { return c == '\n' || c == '\t'; }, ' ');
  return text;
}

void answer(const std::string& line, const std::vector<Implementation>& all) {
  std::istringstream words(line);
  std::string word;
  words >> word;
  if (word == "time") {
    double seconds = 0;
    words >> seconds;
    std::cout << "times";
    for (const double ns : medians(all, seconds)) std::cout << '\t' << ns;
    std::cout << std::endl;
  } else if (word == "parts") {
    double seconds = 0;
    words >> seconds;
    const std::vector<Part> parts = median_parts(all.at(0), seconds);
    std::cout << "parts";
    for (const Part& part : parts) std::cout << '\t' << one_line(part.name) << '\t' << part.ns;
    std::cout << std::endl;
  } else if (word == "outputs") {
    std::size_t index = 0;
    words >> index;
    all.at(index).write_outputs();
    std::cout << "done" << std::endl;
  } else {
    std::cout << "cannot\tthe request is not understood: " << one_line(line) << std::endl;
  }
}

}  // namespace

int serve(int argc, char** argv,
          const std::function<std::vector<Implementation>(const Job&)>& make) try {
  if (argc != 2) throw std::runtime_error("usage: PEER JOB");
  const std::vector<Implementation> all = make(read_job(argv[1]));
  for (const Implementation& what : all) what.repeat(1);
  std::cout.precision(9);
  std::cout << "ready";
  for (const Implementation& what : all) std::cout << '\t' << what.name << '\t' << what.version;
  std::cout << std::endl;
  for (std::string line; std::getline(std::cin, line);) answer(line, all);
  return 0;
} catch (const std::exception& error) {
  std::cout << "cannot\t" << one_line(error.what()) << std::endl;
  return 1;
}

}  // namespace peers
