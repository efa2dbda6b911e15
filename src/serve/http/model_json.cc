#include "serve/http/model_json.h"

#include "serve/core/datatype.h"
#include "serve/http/json_write.h"
#include "serve/proto/model_config.pb.h"

namespace engine::serve::http {
namespace {

void append_tensors(std::string& json, const char* key, const std::vector<TensorInfo>& list) {
  json += std::string(",\"") + key + "\":[";
  for (const TensorInfo& info : list) {
    json += &info == &list.front() ? "{\"name\":" : ",{\"name\":";
    append_string(json, info.name);
    json += std::string(",\"datatype\":\"") + datatype(info.dtype) + "\",\"shape\":";
    append_shape(json, declared_dims(info));
    json += "}";
  }
  json += "]";
}

void append(std::string& json, const char* key, const CountAndTime& sum, bool last = false) {
  json += std::string("\"") + key + "\":{\"count\":" + std::to_string(sum.count) +
          ",\"ns\":" + std::to_string(sum.ns) + (last ? "}" : "},");
}

std::string entry(const ServedModel& model, const ModelStatistics& s) {
  std::string json = "{\"name\":";
  append_string(json, model.name());
  json += ",\"version\":\"" + std::to_string(model.version()) +
          "\",\"last_inference\":" + std::to_string(s.last_inference_ms) +
          ",\"inference_count\":" + std::to_string(s.inference_count) +
          ",\"execution_count\":" + std::to_string(s.execution_count) + ",\"inference_stats\":{";
  append(json, "success", s.success);
  append(json, "fail", s.fail);
  append(json, "queue", s.queue);
  append(json, "compute_input", s.compute_input);
  append(json, "compute_infer", s.compute_infer);
  append(json, "compute_output", s.compute_output);
  append(json, "cache_hit", {});
  append(json, "cache_miss", {}, true);
  json += "},\"response_stats\":{},\"batch_stats\":[";
  for (const auto& [rows, of_size] : s.batches) {
    json += "{\"batch_size\":" + std::to_string(rows) + ",";
    append(json, "compute_input", of_size.compute_input);
    append(json, "compute_infer", of_size.compute_infer);
    append(json, "compute_output", of_size.compute_output, true);
    json += rows == s.batches.rbegin()->first ? "}" : "},";
  }
  return json + "],\"memory_usage\":[]}";
}

}  // namespace

std::string metadata_json(const ServedModel& model, const std::vector<Index>& versions) {
  std::string json = "{\"name\":";
  append_string(json, model.name());
  json += ",\"versions\":[";
  for (const Index version : versions)
    json += (version == versions.front() ? "\"" : ",\"") + std::to_string(version) + "\"";
  json += "],\"platform\":";
  append_string(json, model.config().platform());
  append_tensors(json, "inputs", model.tensors().inputs);
  append_tensors(json, "outputs", model.tensors().outputs);
  return json + "}";
}

std::string statistics_json(const std::vector<std::shared_ptr<ServedModel>>& models) {
  std::string json = "{\"model_stats\":[";
  for (const auto& model : models) {
    if (model != models.front()) json += ",";
    json += entry(*model, model->batcher().statistics());
  }
  return json + "]}";
}

}  // namespace engine::serve::http
