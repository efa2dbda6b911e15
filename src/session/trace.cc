#include "base/text.h"

#include <engine/profile.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>

namespace engine {
namespace {

// Microseconds with three digits behind the point: the format's unit, without losing nanoseconds.
std::string microseconds(std::int64_t ns) {
  char text[32];
  std::snprintf(text, sizeof text, "%" PRId64 ".%03d", ns / 1000, static_cast<int>(ns % 1000));
  return text;
}

std::string field(const char* key, std::string_view value) {
  return std::string("\"") + key + "\":\"" + json_escaped(value) + "\"";
}

// One complete event ("ph": "X"). Format: Trace Event Format, section Complete Events.
std::string event(const NodeProfile& node, std::size_t run) {
  const std::int64_t duration = std::max<std::int64_t>(0, node.duration_ns[run]);
  std::string text = "{" + field("name", node.name.empty() ? node.op : node.name) + "," +
                     field("cat", node.op) + ",\"ph\":\"X\",\"pid\":1,\"tid\":1";
  text += ",\"ts\":" + microseconds(std::max<std::int64_t>(0, node.start_ns[run]));
  text += ",\"dur\":" + microseconds(duration);
  text += ",\"args\":{" + field("op", node.op) + "," + field("kernel", node.kernel);
  text += ",\"run\":" + std::to_string(run);
  text += ",\"flops\":" + std::to_string(node.flops);
  text += ",\"bytes\":" + std::to_string(node.bytes);
  if (duration > 0) {
    char rate[40];
    std::snprintf(rate, sizeof rate, ",\"gflops_per_s\":%.3f",
                  static_cast<double>(node.flops) / static_cast<double>(duration));
    text += rate;
  }
  return text + "}}";
}

}  // namespace

std::string to_trace_json(const Profile& profile) {
  std::string text = "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n";
  text += "{\"name\":\"process_name\",\"ph\":\"M\",\"pid\":1,\"args\":{\"name\":\"engine\"}},\n";
  text +=
      "{\"name\":\"thread_name\",\"ph\":\"M\",\"pid\":1,\"tid\":1,\"args\":{\"name\":\"nodes\"}}";
  for (const NodeProfile& node : profile.nodes) {
    const std::size_t runs = std::min(node.start_ns.size(), node.duration_ns.size());
    for (std::size_t run = 0; run < runs; ++run) text += ",\n" + event(node, run);
  }
  return text + "\n]}\n";
}

}  // namespace engine
