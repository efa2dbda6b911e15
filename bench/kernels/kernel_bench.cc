#include "bench/kernels/kernel_bench.h"

#include "base/aligned.h"
#include "base/check.h"
#include "base/fp_state.h"
#include "base/text.h"
#include "bench/kernels/layer_cases.h"
#include "session/device.h"
#include "support/bound_case.h"
#include "tools/bench/model_bench.h"
#include "tools/bench/rounds.h"
#include "tools/bench/statistics.h"
#include "tools/inspect/families.h"
#include "tools/text/progress.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#include <random>
#include <regex>

namespace engine::bench {
namespace {

using test::OperatorCase;

constexpr const char* kPlain = " [plain]";
constexpr const char* kBlocked = " [blocked]";

// Inputs that are held at the same time; the next group begins when the first has been measured.
constexpr Index kGroupBytes = Index{1} << 30;

class Filter {
 public:
  explicit Filter(const std::string& text) {
    constexpr std::size_t kLongest = 1000;  // std::regex recurses over the expression
    try {
      if (text.size() > kLongest) throw std::regex_error(std::regex_constants::error_complexity);
      regex_.assign(text, std::regex::ECMAScript | std::regex::icase | std::regex::optimize);
    } catch (const std::regex_error& error) {
      fail(ErrorCode::kInvalidArgument, "--filter ", quote(text), " is no regular expression (",
           error.what(), "); --list prints the names");
    }
  }
  bool takes(const std::string& name, const char* layout) const {
    return std::regex_search(name, regex_) || std::regex_search(name + layout, regex_);
  }

 private:
  std::regex regex_;
};

// One kernel in one layout.
struct Subject {
  std::shared_ptr<const OperatorCase> c;
  bool blocked;
};

// A subject ready to run, in memory of its own. Where operands lie beside each other, and on which
// pages, moves times by many percent, so every turn gets another placement: what a median of turns
// says of a kernel then holds for the next process too.
class Placed {
 public:
  Placed(const Subject& subject, const ops::Backend& backend, Pool& pool, std::mt19937_64& bits)
      : c_(*subject.c) {
    for (Tensor& input : c_.inputs) {
      constexpr std::size_t kLine = 64, kPage = 4096;
      gaps_.push_back(aligned_bytes(kLine * (1 + bits() % (kPage / kLine))));
      if (input.defined()) input = copy_of(input);
    }
    bound_.emplace(c_, backend);
    if (subject.blocked && !bound_->block(pool)) bound_.reset();
    else bound_->bind(pool);
  }

  /// Whether the kernel takes the subject's layout.
  explicit operator bool() const noexcept { return bound_.has_value(); }
  test::BoundCase& operator*() { return *bound_; }

 private:
  static Tensor copy_of(const Tensor& tensor) {
    Tensor copy(tensor.dtype(), tensor.shape());
    std::memcpy(copy.mutable_data(), tensor.data(), tensor.bytes());
    return copy;
  }

  OperatorCase c_;
  std::vector<AlignedBytes> gaps_;
  std::optional<test::BoundCase> bound_;
};

Index bytes_of(const std::vector<Tensor>& tensors) {
  Index bytes = 0;
  for (const Tensor& tensor : tensors)
    if (tensor.defined()) bytes += static_cast<Index>(tensor.bytes());
  return bytes;
}

std::vector<TensorType> types_of(const std::vector<Tensor>& tensors) {
  std::vector<TensorType> types;
  for (const Tensor& tensor : tensors)
    types.push_back(tensor.defined() ? TensorType(tensor.dtype(), tensor.shape()) : TensorType());
  return types;
}

Index output_bytes(const OperatorCase& c) {
  Index bytes = 0;
  const std::vector<TensorType> types = test::infer(c);
  for (std::size_t i = 0; i < c.outputs.size(); ++i)
    if (c.outputs[i]) bytes += byte_count(types[i].dtype, types[i].shape().value());
  return bytes;
}

class Bench {
 public:
  explicit Bench(const KernelOptions& options)
      : options_(options),
        filter_(options.filter),
        backend_(make_backend(options.device)),
        pool_(options.threads, nullptr) {
    report_.device = backend_->name();
  }

  KernelReport run(const std::vector<ChosenCase>& cases) {
    tools::Progress progress("kernels", cases.size() * static_cast<std::size_t>(options_.rounds));
    Index held = 0;
    std::size_t held_cases = 0;
    for (const ChosenCase& chosen : cases) {
      held += add(chosen);
      ++held_cases;
      const bool last = &chosen == &cases.back();
      if (held < kGroupBytes && !last) continue;
      measure_group(progress, held_cases);
      held = 0;
      held_cases = 0;
    }
    for (tools::NodeCost& kernel : report_.kernels)
      hold_against(report_.peak, static_cast<double>(kernel.bytes), kernel);
    return std::move(report_);
  }

 private:
  // Adds a case in the layouts that are wanted and that there are; the memory that its inputs take.
  Index add(const ChosenCase& chosen) {
    const auto c = std::make_shared<const OperatorCase>(chosen.made_by.make(chosen.batch));
    for (const bool blocked : {false, true}) {
      if (!(blocked ? options_.blocked : options_.plain)) continue;
      const char* layout = blocked ? kBlocked : kPlain;
      if (!filter_.takes(c->name, layout)) continue;
      const Subject subject{c, blocked};
      Placed placed(subject, *backend_, pool_, bits_);
      if (!placed) continue;
      describe(c->name + layout, *c, (*placed).kernel().name());
      subjects_.push_back(subject);
    }
    return bytes_of(c->inputs);
  }

  void describe(const std::string& name, const OperatorCase& c, const std::string& kernel) {
    tools::NodeCost node;
    node.name = name;
    node.op = c.op->name();
    node.kernel = kernel;
    const std::vector<TensorType> in = types_of(c.inputs), out = test::infer(c);
    // What only moves data counts its elements as work; that is none here.
    const bool moves = std::string_view(tools::family_of(node.op).name) == "layout";
    node.flops = moves ? 0 : c.op->flops(in, out);
    node.bytes = least_bytes(c);
    report_.kernels.push_back(std::move(node));
  }

  void measure_group(tools::Progress& progress, std::size_t cases) {
    const FpState fp;
    std::optional<Placed> placed;
    const tools::Repeat repeat = [&](Index runs) {
      for (Index i = 0; i < runs; ++i) (**placed).run(pool_);
    };
    tools::RoundOptions rounds;
    rounds.rounds = options_.rounds;
    rounds.seconds = options_.seconds;
    rounds.before_round = [&](int round) {
      if (round > 0) progress.advance(cases);
      if (round % 4 == 0) measure_roof();
    };
    rounds.before_turn = [&](std::size_t i) {
      placed.emplace(subjects_[i], *backend_, pool_, bits_);
    };
    rounds.after_turn = [&](std::size_t) { placed.reset(); };
    const auto times =
        measure_in_turns(std::vector<tools::Repeat>(subjects_.size(), repeat), rounds);
    progress.advance(cases);
    const std::size_t first = report_.kernels.size() - subjects_.size();
    for (std::size_t i = 0; i < times.size(); ++i) {
      report_.kernels[first + i].rounds_ns = times[i];
      report_.kernels[first + i].median_ns = tools::median(times[i]);
    }
    subjects_.clear();
  }

  void measure_roof() {
    const auto peak = tuning::measure_peak(tools::isa_of(report_.device), options_.threads);
    if (report_.peak.levels.empty()) report_.peak = peak;
    else report_.peak.raise(peak);
  }

  const KernelOptions& options_;
  Filter filter_;
  std::shared_ptr<const ops::Backend> backend_;
  Pool pool_;
  KernelReport report_;
  std::vector<Subject> subjects_;
  std::mt19937_64 bits_{std::random_device{}()};
};

}  // namespace

std::vector<ChosenCase> choose_cases(const KernelOptions& options) {
  const Filter filter(options.filter);
  std::vector<ChosenCase> chosen;
  const auto add = [&](const test::BitCase& c, Index batch) {
    if ((options.plain && filter.takes(c.name, kPlain)) ||
        (options.blocked && filter.takes(c.name, kBlocked)))
      chosen.push_back({c, options.batch > 0 ? options.batch : batch});
  };
  if (options.table != "bits")
    for (const LayerCase& c : layer_cases())
      // At a batch of one's own, a layer that is used at two is the same layer twice.
      if (options.batch == 0 || c.batch == 1) add(c.layer, c.batch);
  if (options.table != "layers")
    for (const test::BitCase& c : test::bit_cases()) add(c, 1);
  ENGINE_REQUIRE(!chosen.empty(), ErrorCode::kInvalidArgument, "no case matches ",
                 quote(options.filter), "; --list prints the names");
  return chosen;
}

Index least_bytes(const OperatorCase& c) {
  const Index written = output_bytes(c);
  Index read = bytes_of(c.inputs);
  const std::string_view op = c.op->name();
  if (op.starts_with("Gather") || op == "Slice") {
    const auto source = static_cast<Index>(c.inputs[0].bytes());
    read -= std::max<Index>(0, source - written);
  }
  return read + written;
}

KernelReport measure_kernels(const std::vector<ChosenCase>& cases, const KernelOptions& options) {
  return Bench(options).run(cases);
}

}  // namespace engine::bench
