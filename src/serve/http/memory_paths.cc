#include "serve/http/memory_paths.h"

#include "serve/core/output_form.h"
#include "serve/core/text.h"
#include "serve/http/infer_encode.h"
#include "serve/http/json_write.h"

#include <simdjson.h>

namespace engine::serve::http {
namespace {

namespace dom = simdjson::dom;

HttpResponse invalid(std::string message) {
  return encode_failure({Code::kInvalidArgument, std::move(message)});
}

HttpResponse status(const SharedMemory& memory, const std::string& region) {
  std::optional<Failure> failure;
  std::string json = "[";
  for (const SharedRegion& entry : memory.list(region, failure)) {
    json += json.size() > 1 ? ",{\"name\":" : "{\"name\":";
    append_string(json, entry.name);
    json += ",\"key\":";
    append_string(json, entry.key);
    json += ",\"offset\":" + std::to_string(entry.offset) +
            ",\"byte_size\":" + std::to_string(entry.byte_size) + "}";
  }
  if (failure) return encode_failure(*failure);
  return {.text = json + "]"};
}

HttpResponse add(SharedMemory& memory, const std::string& region, const std::string& body) {
  constexpr std::size_t kMostBytes = 4096, kMostNested = 8;
  if (body.size() > kMostBytes) return invalid("the body is no description of a region");
  dom::parser parser;
  dom::element document;
  dom::object object;
  std::string_view key;
  SharedRegion added{.name = region};
  if (parser.allocate(kMostBytes, kMostNested) || parser.parse(body).get(document) ||
      document.get(object))
    return invalid("failed to parse the request JSON buffer: it is no object");
  if (object["key"].get(key) || object["byte_size"].get(added.byte_size))
    return invalid("shared memory region " + quote(region) +
                   " needs 'key', a string, and 'byte_size', a number");
  dom::element offset;
  if (!object["offset"].get(offset) && offset.get(added.offset))
    return invalid("'offset' of shared memory region " + quote(region) + " is no number");
  added.key = key;
  if (const auto failure = memory.add(added)) return encode_failure(*failure);
  return {};
}

HttpResponse cuda(const MemoryPath& path) {
  if (path.action == "register")
    return invalid("this server has no CUDA; use system shared memory");
  if (path.action == "status") return {.text = "[]"};
  return {};
}

}  // namespace

std::optional<MemoryPath> parse_memory_path(std::string_view path) {
  constexpr std::string_view kSystem = "/v2/systemsharedmemory/", kCuda = "/v2/cudasharedmemory/",
                             kRegion = "region/";
  MemoryPath result{.cuda = path.starts_with(kCuda)};
  if (!result.cuda && !path.starts_with(kSystem)) return {};
  path.remove_prefix(result.cuda ? kCuda.size() : kSystem.size());
  if (path.starts_with(kRegion)) {
    path.remove_prefix(kRegion.size());
    const std::size_t slash = path.find('/');
    if (slash == 0 || slash == path.npos) return {};
    result.region = path.substr(0, slash);
    path.remove_prefix(slash + 1);
  }
  result.action = path;
  const bool of_region = result.action == "register";
  const bool known = of_region || result.action == "status" || result.action == "unregister";
  if (!known || (of_region && result.region.empty())) return {};
  return result;
}

HttpResponse handle_memory(const MemoryPath& path, const HttpRequest& request,
                           SharedMemory* memory) {
  const bool reads = path.action == "status";
  if ((request.method == "GET") != reads)
    return {.status = 405, .text = error_body("Method Not Allowed")};
  if (path.cuda) return cuda(path);
  if (!memory) return encode_failure({Code::kUnsupported, kNoSharedMemory});
  if (reads) return status(*memory, path.region);
  if (path.action == "register") return add(*memory, path.region, *request.body);
  memory->remove(path.region);
  return {};
}

}  // namespace engine::serve::http
