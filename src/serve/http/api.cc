#include "serve/http/api.h"

#include "serve/core/server_info.h"
#include "serve/http/coding.h"
#include "serve/http/config_json.h"
#include "serve/http/infer_encode.h"
#include "serve/http/json_write.h"
#include "serve/http/memory_paths.h"
#include "serve/http/metrics_text.h"
#include "serve/http/model_json.h"
#include "serve/http/repository_json.h"

#include <engine/version.h>

#include <charconv>

namespace engine::serve::http {
namespace {

HttpResponse not_found() { return {.status = 404, .text = error_body("Not Found")}; }
HttpResponse not_allowed() { return {.status = 405, .text = error_body("Method Not Allowed")}; }

std::string server_metadata() {
  std::string json = "{\"name\":";
  append_string(json, kServerName);
  json += ",\"version\":";
  append_string(json, engine::version());
  json += ",\"extensions\":[";
  for (const std::string_view& extension : kExtensions) {
    if (&extension != kExtensions) json += ",";
    append_string(json, extension);
  }
  return json + "]}";
}

// What lasts from a request to its answer.
struct Exchange {
  std::optional<Coding> answer_coding;
  std::shared_ptr<ServedModel> model;
  InferCall call;
};

HttpResponse unknown_coding() {
  return {.status = 501,
          .text = error_body("this server takes bodies in gzip and deflate, or not compressed"),
          .extra = {"Accept-Encoding: gzip, deflate"}};
}

void pack_answer(HttpResponse& answer, Coding coding) {
  std::vector<std::string_view> parts = {answer.text};
  for (const Tensor& tensor : answer.binary)
    parts.emplace_back(static_cast<const char*>(tensor.data()), tensor.bytes());
  std::string packed = pack(parts, coding);
  answer.extra.push_back(std::string("Content-Encoding: ") + name_of(coding));
  if (!answer.binary.empty()) {
    answer.extra.push_back("Inference-Header-Content-Length: " +
                           std::to_string(answer.text.size()));
    answer.type = "application/octet-stream";
  }
  answer.text = std::move(packed);
  answer.binary.clear();
}

HttpResponse encoded(const Exchange& exchange, const SharedMemory* memory, Response& response) {
  const InferCall& call = exchange.call;
  try {
    if (!response.failure)
      response.failure = form_outputs(response, call.forms, *exchange.model, memory);
  } catch (const Error& error) {
    response.failure = failure_of(error);
  }
  if (response.failure) return encode_failure(with_id(*response.failure, call.id));
  HttpResponse answer = encode_infer(*exchange.model, call, response);
  if (exchange.answer_coding) pack_answer(answer, *exchange.answer_coding);
  return answer;
}

// Between the slashes; none at all if one of them is empty.
std::vector<std::string_view> parts_of(std::string_view path) {
  std::vector<std::string_view> parts;
  for (std::size_t slash = 0; slash != path.npos;) {
    slash = path.find('/');
    parts.push_back(path.substr(0, slash));
    if (parts.back().empty()) return {};
    if (slash != path.npos) path.remove_prefix(slash + 1);
  }
  return parts;
}

}  // namespace

// NAME[/versions/VERSION][/ACTION]
std::optional<Api::ModelPath> Api::parse_model_path(std::string_view path) {
  const std::vector<std::string_view> parts = parts_of(path);
  if (parts.empty()) return {};
  ModelPath result{.name = std::string(parts[0]), .version = {}, .action = {}};
  std::size_t next = 1;
  if (parts.size() > 2 && parts[1] == "versions") {
    Index version = 0;
    const char* end = parts[2].data() + parts[2].size();
    const auto [stop, error] = std::from_chars(parts[2].data(), end, version);
    if (error != std::errc() || stop != end || version < 0) return {};
    result.version = version;
    next = 3;
  }
  if (next < parts.size()) result.action = parts[next++];
  constexpr std::string_view kActions[] = {"", "ready", "infer", "stats", "config"};
  if (next != parts.size() || std::ranges::find(kActions, result.action) == std::end(kActions))
    return {};
  return result;
}

// [REPOSITORY/]index, [REPOSITORY/]models/NAME/load and .../unload. As in Triton the repository's
// name does not matter.
std::optional<Api::RepositoryPath> Api::parse_repository_path(std::string_view path) {
  std::vector<std::string_view> parts = parts_of(path);
  if (parts.size() == 2 || parts.size() == 4) parts.erase(parts.begin());
  if (parts.size() == 1 && parts[0] == "index") return RepositoryPath{{}, "index"};
  if (parts.size() != 3 || parts[0] != "models" || (parts[2] != "load" && parts[2] != "unload"))
    return {};
  return RepositoryPath{std::string(parts[1]), std::string(parts[2])};
}

void Api::handle(HttpRequest request, const Reply& reply) {
  const std::string path = request.target.substr(0, request.target.find('?'));
  constexpr std::string_view kModels = "/v2/models/", kRepository = "/v2/repository/";
  if (path.starts_with(kRepository)) {
    const auto repository =
        parse_repository_path(std::string_view(path).substr(kRepository.size()));
    if (!repository) return reply(not_found);
    if (request.method != "POST") return reply(not_allowed);
    return manage(*repository, std::move(request), reply);
  }
  if (const auto place = parse_memory_path(path)) {
    HttpResponse response = request.method == "GET" || request.method == "POST"
                                ? handle_memory(*place, request, memory_)
                                : not_allowed();
    return reply([response = std::move(response)] { return response; });
  }
  std::optional<ModelPath> model_path;
  const bool all_statistics = path == "/v2/models/stats";
  if (path.starts_with(kModels) && !all_statistics) {
    model_path = parse_model_path(std::string_view(path).substr(kModels.size()));
    if (!model_path) return reply(not_found);
    if (model_path->action == "infer") {
      if (request.method != "POST") return reply(not_allowed);
      return infer(*model_path, std::move(request), reply);
    }
  }
  const bool head = request.method == "HEAD" && path.starts_with("/v2/health/");
  HttpResponse response = model_path       ? model(*model_path)
                          : all_statistics ? model_statistics()
                                           : server(path);
  const bool known = response.status != 404 || model_path;
  if (known && request.method != "GET" && !head) response = not_allowed();
  reply([response = std::move(response)] { return response; });
}

void Api::handle_metrics(const HttpRequest& request, const Reply& reply) const {
  if (request.target != "/metrics") return reply(not_found);
  if (request.method != "GET") return reply(not_allowed);
  reply([this] {
    return HttpResponse{.text = metrics_text(repository_),
                        .type = "text/plain; version=0.0.4; charset=utf-8"};
  });
}

void Api::manage(const RepositoryPath& path, HttpRequest request, const Reply& reply) {
  if (!control_) return reply([] { return encode_failure({Code::kUnavailable, kFixedModels}); });
  const auto work = [this, path, body = std::move(request.body), reply] {
    HttpResponse response;
    try {
      response = repository_.accepting() ? managed(path, *body) : encode_failure(kShutsDown);
    } catch (const Error& error) {
      response = encode_failure(failure_of(error));
    } catch (const std::bad_alloc&) {
      response = encode_failure({Code::kResourceExhausted, "out of memory"});
    }
    reply([response = std::move(response)] { return response; });
  };
  if (control_->post(work)) return;
  reply([] {
    return encode_failure(
        {Code::kUnavailable, "too many requests about the repository wait; try again later"});
  });
}

// Says what has happened: 200 and nothing else, where it has.
HttpResponse Api::managed(const RepositoryPath& path, std::string_view body) const {
  std::optional<Failure> failure;
  if (path.action == "index") return {.text = index_json(control_->index(decode_index(body)))};
  if (path.action == "load") {
    failure = control_->load(path.model, decode_load(body));
  } else {
    check_unload(body);
    failure = control_->unload(path.model);
  }
  if (!failure) return {};
  shorten(failure->message);
  return encode_failure(*failure);
}

HttpResponse Api::server(const std::string& path) const {
  if (path == "/v2") return {.text = server_metadata()};
  if (path == "/v2/health/live") return {.text = "{\"live\":true}"};
  if (path == "/v2/health/ready")
    return ready() ? HttpResponse{.text = "{\"ready\":true}"}
                   : HttpResponse{.status = 400, .text = "{\"ready\":false}"};
  return not_found();
}

HttpResponse Api::model_statistics() const { return {.text = statistics_json(repository_.all())}; }

HttpResponse Api::model(const ModelPath& path) const {
  Failure why;
  const auto model = repository_.find(path.name, path.version, why);
  if (path.action == "ready") {
    if (!model || !repository_.accepting())
      return {.status = 400, .text = error_body("Model version not ready")};
    std::string json = "{\"name\":";
    append_string(json, path.name);
    return {.text = json + ",\"ready\":true}"};
  }
  if (!model) {
    if (path.action == "stats") why.code = Code::kInvalidArgument;
    return encode_failure(why);
  }
  if (path.action == "stats") return {.text = statistics_json({model})};
  if (path.action == "config") return {.text = config_json(model->config())};
  return {.text = metadata_json(*model, repository_.versions(path.name))};
}

void Api::infer(const ModelPath& path, HttpRequest request, const Reply& reply) {
  if (!repository_.accepting()) return reply([] { return encode_failure(kShutsDown); });
  const bool is_packed =
      !request.content_encoding.empty() && request.content_encoding != "identity";
  const auto coding = parse_coding(request.content_encoding);
  if (is_packed && !coding) return reply(unknown_coding);
  const auto exchange = std::make_shared<Exchange>();
  Failure why;
  exchange->model = repository_.find(path.name, path.version, why);
  if (!exchange->model) return reply([why] { return encode_failure(why); });
  try {
    std::optional<std::string_view> length;
    if (request.inference_header_length) length = *request.inference_header_length;
    if (coding)
      request.body = std::make_shared<const std::string>(unpack(*request.body, *coding, max_body_));
    exchange->answer_coding = accepted_coding(request.accept_encoding);
    exchange->call = decode_infer({*exchange->model, memory_}, request.body, length);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kResourceExhausted)
      return reply(
          [text = error_body(error.what())] { return HttpResponse{.status = 413, .text = text}; });
    return reply([why = failure_of(error)] { return encode_failure(why); });
  } catch (const std::bad_alloc&) {
    return reply([] { return encode_failure({Code::kResourceExhausted, "out of memory"}); });
  }
  Request inference = std::move(exchange->call.request);
  repository_.submit(
      exchange->model, path.version, std::move(inference),
      [exchange, memory = memory_, reply](Response response) {
        reply([exchange, memory, response = std::move(response)]() mutable {
          return encoded(*exchange, memory, response);
        });
      },
      help_);
}

}  // namespace engine::serve::http
