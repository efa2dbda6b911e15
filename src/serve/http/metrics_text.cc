#include "serve/http/metrics_text.h"

#include <charconv>
#include <fstream>
#include <functional>

namespace engine::serve::http {
namespace {

struct Row {
  std::string labels;  // model="...",version="..."
  ModelStatistics statistics;
  std::size_t queued;
};

std::vector<Row> rows_of(const Repository& repository) {
  std::vector<Row> rows;
  for (const auto& model : repository.all())
    rows.push_back(
        {"model=\"" + model->name() + "\",version=\"" + std::to_string(model->version()) + "\"",
         model->batcher().statistics(), model->batcher().queued()});
  return rows;
}

void append_head(std::string& text, const std::string& name, const char* help, const char* type) {
  text += "# HELP " + name + " " + help + "\n# TYPE " + name + " " + type + "\n";
}

using Value = std::function<std::uint64_t(const Row&)>;

void append_family(std::string& text, const std::string& name, const char* help, const char* type,
                   const std::vector<Row>& rows, const Value& value) {
  append_head(text, name, help, type);
  for (const Row& row : rows)
    text += name + "{" + row.labels + "} " + std::to_string(value(row)) + "\n";
}

void append_counters(std::string& text, const std::vector<Row>& rows) {
  const auto counter = [&](const char* name, const char* help, const Value& value) {
    append_family(text, name, help, "counter", rows, value);
  };
  counter("nv_inference_request_success", "Number of successful inference requests",
          [](const Row& r) { return r.statistics.success.count; });
  counter("nv_inference_count", "Number of inferences performed, rows of batches",
          [](const Row& r) { return r.statistics.inference_count; });
  counter("nv_inference_exec_count", "Number of batches that were run",
          [](const Row& r) { return r.statistics.execution_count; });
  counter("nv_inference_request_duration_us", "Cumulative duration of requests in microseconds",
          [](const Row& r) { return r.statistics.success.ns / 1000; });
  counter("nv_inference_queue_duration_us", "Cumulative time in queues in microseconds",
          [](const Row& r) { return r.statistics.queue.ns / 1000; });
  counter("nv_inference_compute_input_duration_us", "Cumulative time of inputs in microseconds",
          [](const Row& r) { return r.statistics.compute_input.ns / 1000; });
  counter("nv_inference_compute_infer_duration_us", "Cumulative time of runs in microseconds",
          [](const Row& r) { return r.statistics.compute_infer.ns / 1000; });
  counter("nv_inference_compute_output_duration_us", "Cumulative time of outputs in microseconds",
          [](const Row& r) { return r.statistics.compute_output.ns / 1000; });
}

void append_failures(std::string& text, const std::vector<Row>& rows) {
  static constexpr const char* kNames[kReasons] = {"REJECTED", "CANCELED", "BACKEND", "OTHER"};
  const std::string name = "nv_inference_request_failure";
  append_head(text, name, "Number of failed inference requests", "counter");
  for (const Row& row : rows)
    for (std::size_t i = 0; i < kReasons; ++i)
      text += name + "{" + row.labels + ",reason=\"" + kNames[i] + "\"} " +
              std::to_string(row.statistics.failures[i]) + "\n";
}

std::string text_of(double value) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

void append_latencies(std::string& text, const std::vector<Row>& rows) {
  const std::string name = "engine_request_duration_seconds";
  append_head(text, name, "Latency of successful requests in the server", "histogram");
  for (const Row& row : rows) {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < row.statistics.latencies.size(); ++i) {
      sum += row.statistics.latencies[i];
      const std::string limit = i < kLatencyLimits.size() ? text_of(kLatencyLimits[i]) : "+Inf";
      text +=
          name + "_bucket{" + row.labels + ",le=\"" + limit + "\"} " + std::to_string(sum) + "\n";
    }
    text += name + "_sum{" + row.labels + "} " +
            text_of(static_cast<double>(row.statistics.success.ns) * 1e-9) + "\n";
    text += name + "_count{" + row.labels + "} " + std::to_string(sum) + "\n";
  }
}

void append_gauge(std::string& text, const std::string& name, const char* help,
                  std::uint64_t value) {
  append_head(text, name, help, "gauge");
  text += name + " " + std::to_string(value) + "\n";
}

// The bytes of a line of /proc/meminfo; 0 if there is none.
std::uint64_t machine_memory(std::string_view key) {
  std::ifstream file("/proc/meminfo");
  std::string name, unit;
  for (std::uint64_t kibibytes = 0; file >> name >> kibibytes;) {
    if (name == key) return kibibytes * 1024;
    std::getline(file, unit);
  }
  return 0;
}

}  // namespace

std::string metrics_text(const Repository& repository) {
  const std::vector<Row> rows = rows_of(repository);
  std::string text;
  append_counters(text, rows);
  append_failures(text, rows);
  append_family(text, "nv_inference_pending_request_count", "Number of requests that wait", "gauge",
                rows, [](const Row& r) { return r.queued; });
  append_latencies(text, rows);
  append_gauge(text, "engine_queue_memory_bytes", "Memory that requests hold",
               repository.memory().used());
  append_gauge(text, "engine_queue_memory_limit_bytes", "Memory that requests may hold",
               repository.memory().limit());
  const std::uint64_t total = machine_memory("MemTotal:");
  append_gauge(text, "nv_cpu_memory_total_bytes", "Memory of the machine", total);
  append_gauge(text, "nv_cpu_memory_used_bytes", "Memory of the machine that is used",
               total - std::min(total, machine_memory("MemAvailable:")));
  return text;
}

}  // namespace engine::serve::http
