#include "tuning/machine_peak.h"

#include "tuning/fma_loops.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <thread>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace engine::tuning {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Runs `work()` on all threads, each beginning when all are ready and going on for `seconds`; adds
// up what they return, per second.
template <class Work>
double rate_on_threads(int threads, double seconds, const Work& work) {
  std::atomic<int> ready{0};
  std::vector<double> rates(static_cast<std::size_t>(threads));
  const auto run = [&](std::size_t thread) {
    auto state = work(thread);
    ++ready;
    while (ready.load() < threads) std::this_thread::yield();
    const Clock::time_point start = Clock::now();
    double done = 0, elapsed = 0;
    do {
      done += state();
      elapsed = seconds_since(start);
    } while (elapsed < seconds);
    rates[thread] = done / elapsed;
  };
  std::vector<std::thread> others;
  for (int i = 1; i < threads; ++i) others.emplace_back(run, static_cast<std::size_t>(i));
  run(0);
  for (std::thread& thread : others) thread.join();
  double total = 0;
  for (const double rate : rates) total += rate;
  return total;
}

// The best of a few tries: whatever else runs on the machine can only make it slower.
template <class Measure>
double best_of(int tries, const Measure& measure) {
  double best = 0;
  for (int i = 0; i < tries; ++i) best = std::max(best, measure());
  return best;
}

// Lines of 64 bytes, in chains of vectors as wide as a register: compilers take wider ones apart
// through memory. Inlined into functions that are compiled for one instruction set each.
struct alignas(64) Line {
  std::uint64_t words[8];
};

using Vector16 __attribute__((vector_size(16))) = std::uint64_t;
using Vector32 __attribute__((vector_size(32))) = std::uint64_t;
using Vector64 __attribute__((vector_size(64))) = std::uint64_t;

template <class Vector>
__attribute__((always_inline)) inline std::uint64_t fold(const Line* lines, std::size_t count) {
  constexpr std::size_t kChains = 8, kStep = kChains * sizeof(Vector) / sizeof(Line);
  Vector sums[kChains] = {};
  for (std::size_t i = 0; i + kStep <= count; i += kStep) {
    const auto* vectors = reinterpret_cast<const Vector*>(lines + i);
#pragma GCC unroll 8
    for (std::size_t c = 0; c < kChains; ++c) sums[c] ^= vectors[c];
  }
  for (std::size_t c = 1; c < kChains; ++c) sums[0] ^= sums[c];
  return sums[0][0];
}

std::uint64_t read_plain(const Line* lines, std::size_t count) {
  return fold<Vector16>(lines, count);
}
#if defined(__x86_64__)
__attribute__((target("avx512f"))) std::uint64_t read_avx512(const Line* lines, std::size_t count) {
  return fold<Vector64>(lines, count);
}
__attribute__((target("avx2"))) std::uint64_t read_avx2(const Line* lines, std::size_t count) {
  return fold<Vector32>(lines, count);
}
#endif

auto best_reader() {
#if defined(__x86_64__)
  if (available(Isa::kAvx512)) return &read_avx512;
  if (available(Isa::kAvx2)) return &read_avx2;
#endif
  return &read_plain;
}

// Memory of one thread: filled by the thread itself, so that it lies near it.
class Buffer {
 public:
  explicit Buffer(std::size_t bytes) : lines_(std::max<std::size_t>(8, bytes / sizeof(Line))) {
    const std::size_t page = bytes >= kHugePage ? kHugePage : sizeof(Line);
    const std::size_t rounded = (lines_ * sizeof(Line) + page - 1) / page * page;
    memory_.reset(static_cast<Line*>(std::aligned_alloc(page, rounded)));
    if (!memory_) throw std::bad_alloc();
#if defined(__linux__)
    if (page == kHugePage) madvise(memory_.get(), rounded, MADV_HUGEPAGE);
#endif
    std::memset(memory_.get(), 1, rounded);
  }
  /// Reads all of it, or it again and again up to 512 KiB, and returns the bytes read.
  double operator()() {
    const std::size_t repeats = std::max<std::size_t>(1, 8192 / lines_);
    for (std::size_t i = 0; i < repeats; ++i) {
      std::uint64_t sum = best_reader()(memory_.get(), lines_);
      asm volatile("" : "+r"(sum) : : "memory");
    }
    return static_cast<double>(repeats * lines_ * sizeof(Line));
  }

 private:
  static constexpr std::size_t kHugePage = 2 << 20;
  struct Free {
    void operator()(void* memory) const noexcept { std::free(memory); }
  };
  std::size_t lines_;
  std::unique_ptr<Line, Free> memory_;
};

constexpr double kSlice = 0.003;  // seconds for one try

}  // namespace

double peak_flops(Isa isa, int threads) {
  const FmaLoop loop = fma_loop(isa);
  if (!loop || !available(isa)) return 0;
  constexpr long kRounds = 2000;
  return best_of(3, [&] {
    return rate_on_threads(threads, kSlice,
                           [&](std::size_t) { return [&] { return 2 * loop(kRounds); }; });
  });
}

double read_bandwidth(std::size_t bytes_per_thread, int threads) {
  constexpr std::size_t kLarge = 8 << 20;  // filling these takes longer than measuring
  return best_of(bytes_per_thread > kLarge ? 1 : 3, [&] {
    return rate_on_threads(threads, kSlice, [&](std::size_t) { return Buffer(bytes_per_thread); });
  });
}

const Level& MachinePeak::level_for(double working_set) const noexcept {
  for (const Level& level : levels)
    if (working_set <= level.bytes) return level;
  return levels.back();
}

double MachinePeak::least_ns(double flop, double bytes, double working_set) const noexcept {
  const double arithmetic = flops > 0 ? flop / flops : 0;
  const double bandwidth = level_for(working_set).bytes_per_s;
  return 1e9 * std::max(arithmetic, bandwidth > 0 ? bytes / bandwidth : 0);
}

bool MachinePeak::memory_bound(double flop, double bytes, double working_set) const noexcept {
  return bytes * flops > flop * level_for(working_set).bytes_per_s;
}

void MachinePeak::raise(const MachinePeak& other) noexcept {
  flops = std::max(flops, other.flops);
  for (std::size_t i = 0; i < std::min(levels.size(), other.levels.size()); ++i)
    levels[i].bytes_per_s = std::max(levels[i].bytes_per_s, other.levels[i].bytes_per_s);
}

MachinePeak measure_peak(Isa isa, int threads) {
  constexpr std::size_t kUsualL1 = 32 << 10, kUsualL2 = 1 << 20;
  constexpr std::size_t kLeast = 64 << 20, kMost = 512 << 20;
  const CpuInfo cpu = cpu_info();
  const std::size_t l1 = cpu.l1_data > 0 ? cpu.l1_data : kUsualL1;
  const std::size_t l2 = cpu.l2 > 0 ? cpu.l2 : kUsualL2;
  const auto count = static_cast<std::size_t>(threads);
  MachinePeak peak;
  peak.flops = peak_flops(isa, threads);
  const auto add = [&](const char* name, double bytes, std::size_t bytes_per_thread) {
    peak.levels.push_back({name, bytes, read_bandwidth(bytes_per_thread, threads)});
  };
  add("L1", static_cast<double>(l1 * count), l1 / 2);
  add("L2", static_cast<double>(l2 * count), l2 / 2);
  // All cores share it, and a virtual machine its host: a part of it is what one can count on.
  if (cpu.l3 > 2 * l2 * count)
    add("L3", static_cast<double>(cpu.l3), std::max(2 * l2, std::min(cpu.l3 / 4, kLeast) / count));
  add("memory", std::numeric_limits<double>::infinity(),
      std::clamp(4 * cpu.l3, kLeast, kMost) / count);
  for (std::size_t i = 1; i < peak.levels.size(); ++i)  // what is farther away is never faster
    peak.levels[i].bytes_per_s =
        std::min(peak.levels[i].bytes_per_s, peak.levels[i - 1].bytes_per_s);
  return peak;
}

}  // namespace engine::tuning
