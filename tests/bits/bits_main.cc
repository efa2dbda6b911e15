// engine_bits [--full] [--resnet FILE] [--markdown FILE]: the arithmetic contract as a table. Every
// sample of every case, in every way to run it, against the sample alone on one scalar thread.
#include "support/bit_cases.h"
#include "support/model_case.h"
#include "support/sha256.h"

#include "base/cpu_features.h"
#include "base/text.h"
#include "numerics/contract.h"

#include <chrono>
#include <cstdio>
#include <fstream>
#include <map>
#include <string>

namespace engine::test {
namespace {

constexpr Index kBatches[] = {1, 2, 3, 7, 8, 16, 33, 64};
constexpr int kMostThreads = 4;

struct Row {
  std::string name = {}, ways = {};
  std::int64_t runs = 0, values = 0, differences = 0;
  double seconds = 0;
  std::string hash = {};
};

class Clock {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(text.size(), width), ' ');
  return text;
}

std::int64_t elements(const Tensors& tensors) {
  std::int64_t count = 0;
  for (const auto& [name, tensor] : tensors) count += tensor.size();
  return count;
}

void count(Row& row, std::int64_t values, const std::string& difference, const std::string& where) {
  ++row.runs;
  row.values += values;
  if (difference.empty()) return;
  ++row.differences;
  std::printf("DIFFERENT %s, %s: %s\n", row.name.c_str(), where.c_str(), difference.c_str());
}

void print(const Row& row) {
  std::printf("%s %8lld runs %12lld values %4lld different %7.1f s  %s\n",
              padded(row.name, 32).c_str(), static_cast<long long>(row.runs),
              static_cast<long long>(row.values), static_cast<long long>(row.differences),
              row.seconds, row.hash.substr(0, 16).c_str());
  std::fflush(stdout);
}

// All devices x batches x threads x paths of one model; every third of them in the quick mode.
Row check_model(const std::string& name, bool full) {
  const Clock clock;
  const ModelCase c = load_model_case(name, 8);
  const std::vector<Tensors> alone = run_alone(c, "cpu:scalar");
  Row row{.name = name, .ways = full ? "full product" : "every third way"};
  row.hash = canonical_hash(alone.front());
  std::size_t way = 0;
  for (const std::string& device : cpu_devices())
    for (int threads = 1; threads <= kMostThreads; ++threads) {
      const Session session(c.model, {.device = device, .threads = threads});
      for (const Index batch : kBatches)
        for (const Path path : kPaths) {
          if (++way; !full && way % 3 != 0) continue;
          const Index first = static_cast<Index>(way) % c.samples;
          const Tensors outputs = run_path(session, take_batch(c, batch, first), path);
          count(row, elements(outputs), compare_batch(outputs, alone, batch, first),
                concat(device, ", ", threads, " threads, batch ", batch, ", ", name_of(path)));
        }
    }
  row.seconds = clock.seconds();
  return row;
}

// A large model: batch 1, 2 and 7 on the vector instruction sets, one sample on the scalar one.
Row check_large(const std::string& file) {
  const Clock clock;
  constexpr Index kSamples = 7;
  const ModelCase c = random_model_case(file, kSamples);
  const std::vector<std::string> devices = cpu_devices();
  std::vector<Tensors> alone = run_alone(c, devices.back());
  Row row{.name = c.name, .ways = "batch 1, 2, 7; scalar: batch 1"};
  row.hash = canonical_hash(alone.front());
  for (const std::string& device : devices)
    for (const int threads : {1, 2}) {
      const Session session(c.model, {.device = device, .threads = threads});
      const bool scalar = device == "cpu:scalar";
      if (scalar && threads > 1) continue;
      for (const Index batch : {1, 2, 7}) {
        if (scalar && batch > 1) continue;
        const Path path = kPaths[static_cast<std::size_t>(batch) % std::size(kPaths)];
        const Tensors outputs = run_path(session, take_batch(c, batch, batch / 2), path);
        count(row, elements(outputs), compare_batch(outputs, alone, batch, batch / 2),
              concat(device, ", ", threads, " threads, batch ", batch, ", ", name_of(path)));
      }
    }
  row.seconds = clock.seconds();
  return row;
}

// The operator table: the contract's scalar text against every kernel.
void check_operator_case(const BitCase& c, bool full, Row& row) {
  constexpr Index kSamples = 64;
  if (c.batched == 0) return;
  const OperatorCase whole = c.make(kSamples);
  const std::vector<Tensor> wanted = run_evaluate(whole);
  std::size_t way = 0;
  for (const Isa isa : available_isas()) {
    const auto backend = cpu::make_backend(isa);
    for (const Index batch : kBatches)
      for (int threads = 1; threads <= kMostThreads; ++threads) {
        if (++way; !full && way % 5 != 0) continue;
        // In the full product each position of the batch sees several samples.
        for (Index shift = 0; shift < (full ? 4 : 1); ++shift) {
          const Index first = (batch * 5 + threads * 11 + shift * 17) % kSamples;
          const std::vector<Tensor> got =
              run_backend(take_samples(whole, c.batched, batch, first), *backend, threads);
          std::string difference;
          std::int64_t values = 0;
          for (std::size_t i = 0; i < got.size(); ++i) {
            values += got[i].size();
            if (difference.empty())
              difference = compare_bits(got[i], take_rows(wanted[i], batch, first));
          }
          count(
              row, values, difference,
              concat(c.name, " on ", to_string(isa), ", batch ", batch, ", ", threads, " threads"));
        }
      }
  }
}

std::vector<Row> check_operators(bool full) {
  std::map<std::string, Row> rows;
  for (const BitCase& c : bit_cases()) {
    const Clock clock;
    const std::string family = c.name.substr(0, c.name.find(' '));
    Row& row = rows[family];
    row.name = family;
    check_operator_case(c, full, row);
    row.seconds += clock.seconds();
  }
  std::vector<Row> list;
  for (auto& [name, row] : rows) list.push_back(std::move(row));
  return list;
}

std::string isa_list() {
  std::vector<std::string> names;
  for (const Isa isa : available_isas()) names.push_back(to_string(isa));
  return join(names);
}

void write_markdown(const std::string& file, bool full, const std::vector<Row>& operators,
                    const std::vector<Row>& models) {
  std::ofstream out(file);
  out << "# The same bits: what was compared\n\n"
      << "Written by `scripts/bits" << (full ? " --full" : "") << "`. Contract version "
      << numerics::kContractVersion << "; " << cpu_info().model << ", " << cpu_info().cores
      << " cores; instruction sets " << isa_list() << ".\n\n"
      << "Every output value of every run is held against the same sample run alone on one thread\n"
      << "without vector instructions; values must have equal bits (any NaN equals any other).\n"
      << "Ways to run: each instruction set, batch 1, 2, 3, 7, 8, 16, 33 and 64 from changing "
         "first\n"
      << "samples, 1 to 4 threads, and for models run, submit and bind.\n\n## Models\n\n"
      << "| Model | Ways | Runs | Values | Different | First sample, SHA-256 |\n"
      << "|---|---|---|---|---|---|\n";
  for (const Row& row : models)
    out << "| " << row.name << " | " << row.ways << " | " << row.runs << " | " << row.values
        << " | " << row.differences << " | `" << row.hash.substr(0, 16) << "` |\n";
  out << "\n## Operators\n\n| Operator | Runs | Values | Different |\n|---|---|---|---|\n";
  for (const Row& row : operators)
    out << "| " << row.name << " | " << row.runs << " | " << row.values << " | " << row.differences
        << " |\n";
}

int main(int argc, char** argv) {
  bool full = false;
  std::string resnet, markdown;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--full") full = true;
    else if (argument == "--resnet" && i + 1 < argc) resnet = argv[++i];
    else if (argument == "--markdown" && i + 1 < argc) markdown = argv[++i];
    else {
      std::fprintf(stderr, "usage: engine_bits [--full] [--resnet FILE] [--markdown FILE]\n");
      return 2;
    }
  }
  std::printf("contract %d on %s\n", numerics::kContractVersion, isa_list().c_str());
  const std::vector<Row> operators = check_operators(full);
  for (const Row& row : operators) print(row);
  std::vector<Row> models;
  for (const std::string& name : model_case_names())
    print(models.emplace_back(check_model(name, full)));
  if (!resnet.empty()) print(models.emplace_back(check_large(resnet)));
  if (!markdown.empty()) write_markdown(markdown, full, operators, models);
  Row total{.name = "total"};
  for (const auto& rows : {operators, models})
    for (const Row& row : rows) {
      total.runs += row.runs;
      total.values += row.values;
      total.differences += row.differences;
      total.seconds += row.seconds;
    }
  print(total);
  return total.differences == 0 ? 0 : 1;
}

}  // namespace
}  // namespace engine::test

int main(int argc, char** argv) {
  try {
    return engine::test::main(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "engine_bits: %s\n", error.what());
    return 2;
  }
}
