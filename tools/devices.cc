// engine devices: what this machine has, and what it can do at best.
#include "tools/command.h"

#include "base/cpu_features.h"
#include "tools/options.h"
#include "tools/report/json.h"
#include "tools/text/print.h"
#include "tools/text/table.h"
#include "tools/text/units.h"
#include "tuning/machine_peak.h"

#include <engine/session.h>

#include <cctype>
#include <memory>
#include <vector>

namespace engine::tools {
namespace {

struct IsaPeak {
  Isa isa;
  double one_thread = 0, all_threads = 0;  // FLOP/s
};

struct Machine {
  CpuInfo cpu;
  std::vector<IsaPeak> peaks;
  tuning::MachinePeak one, all;
};

Machine measure() {
  Machine machine;
  machine.cpu = cpu_info();
  const int threads = machine.cpu.cores;
  machine.one = tuning::measure_peak(best_isa(), 1);
  machine.all = threads > 1 ? tuning::measure_peak(best_isa(), threads) : machine.one;
  for (const Isa isa : {Isa::kScalar, Isa::kAvx2, Isa::kAvx512, Isa::kNeon}) {
    if (!available(isa)) continue;
    if (isa == best_isa()) {
      machine.peaks.push_back({isa, machine.one.flops, machine.all.flops});
    } else {
      const double one = tuning::peak_flops(isa, 1);
      machine.peaks.push_back({isa, one, threads > 1 ? tuning::peak_flops(isa, threads) : one});
    }
  }
  return machine;
}

// "l1", as the keys of JSON are written.
std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

Json bandwidths_json(const Machine& machine) {
  Json list = Json::array();
  for (std::size_t i = 0; i < machine.one.levels.size(); ++i)
    list.push_back({{"level", lower(machine.one.levels[i].name)},
                    {"bytes_per_s_1_thread", machine.one.levels[i].bytes_per_s},
                    {"bytes_per_s_all_threads", machine.all.levels[i].bytes_per_s}});
  return list;
}

Json to_json(const Machine& machine) {
  Json list = Json::array();
  for (const DeviceInfo& device : devices())
    list.push_back({{"name", device.name},
                    {"description", device.description},
                    {"available", device.available}});
  Json peaks = Json::array();
  Json names = Json::array();
  for (const IsaPeak& peak : machine.peaks) {
    names.push_back(to_string(peak.isa));
    peaks.push_back({{"isa", to_string(peak.isa)},
                     {"flops_1_thread", peak.one_thread},
                     {"flops_all_threads", peak.all_threads}});
  }
  const CpuInfo& cpu = machine.cpu;
  return {{"devices", list},
          {"cpu",
           {{"model", cpu.model},
            {"cores", cpu.cores},
            {"instruction_sets", names},
            {"l1_data_bytes", cpu.l1_data},
            {"l2_bytes", cpu.l2},
            {"l3_bytes", cpu.l3}}},
          {"peak", {{"flops", peaks}, {"bandwidth", bandwidths_json(machine)}}}};
}

std::string cache_text(std::size_t bytes) {
  return bytes ? bytes_text(static_cast<double>(bytes)) : "unknown";
}

void print_devices() {
  Table table({{"device"}, {"here"}, {"what"}});
  for (const DeviceInfo& device : devices())
    table.add({device.name, device.available ? "yes" : "no", device.description});
  print_text(table.text());
}

void print_machine(const Machine& machine) {
  const CpuInfo& cpu = machine.cpu;
  print("\nCPU     {}\ncores   {}\ncaches  L1 {}, L2 {}, L3 {}\n\n",
        cpu.model.empty() ? "unknown" : cpu.model, cpu.cores, cache_text(cpu.l1_data),
        cache_text(cpu.l2), cache_text(cpu.l3));
  using enum Table::Align;
  Table table(
      {{"measured peak"}, {"1 thread", kRight}, {std::to_string(cpu.cores) + " threads", kRight}});
  for (const IsaPeak& peak : machine.peaks)
    table.add({std::string("float32, ") + to_string(peak.isa), rate_text(peak.one_thread, "FLOP/s"),
               rate_text(peak.all_threads, "FLOP/s")});
  for (std::size_t i = 0; i < machine.one.levels.size(); ++i)
    table.add({std::string("read, ") + machine.one.levels[i].name,
               rate_text(machine.one.levels[i].bytes_per_s, "B/s"),
               rate_text(machine.all.levels[i].bytes_per_s, "B/s")});
  print_text(table.text());
}

int run(bool json) {
  const Machine machine = measure();
  if (json) {
    print("{}\n", to_text(to_json(machine)));
  } else {
    print_devices();
    print_machine(machine);
  }
  return kGood;
}

}  // namespace

void add_devices(CLI::App& app, Action& action) {
  auto json = std::make_shared<bool>(false);
  CLI::App* command = app.add_subcommand(
      "devices", "List devices with instruction sets, caches and measured peaks");
  add_json(*command, *json);
  command->footer("Example:\n  engine devices --json");
  command->callback([json, &action] { action = [json] { return run(*json); }; });
}

}  // namespace engine::tools
