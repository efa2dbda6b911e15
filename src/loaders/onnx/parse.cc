#include "loaders/onnx/parse.h"

#include "base/check.h"
#include "base/text.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <fcntl.h>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

namespace engine::onnx {
namespace {

namespace io = google::protobuf::io;

constexpr int kMessagesPerLevel = 3;  // GraphProto, NodeProto, AttributeProto
constexpr int kDeepest = 200;         // keeps the parser's own recursion within small stacks

class FileHandle {
 public:
  explicit FileHandle(int fd) : fd_(fd) {}
  FileHandle(const FileHandle&) = delete;
  FileHandle& operator=(const FileHandle&) = delete;
  ~FileHandle() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const noexcept { return fd_; }

 private:
  int fd_;
};

// Non-blocking, since opening a FIFO would otherwise wait for its writer for ever.
int open_regular(const std::filesystem::path& file, off_t& size) {
  const std::string shown = quote(file.string());
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  const int error = errno;
  ENGINE_REQUIRE(fd >= 0 || (error != ENOENT && error != ENOTDIR), ErrorCode::kNotFound,
                 "no model file ", shown);
  ENGINE_REQUIRE(fd >= 0, ErrorCode::kIo, "cannot open model file ", shown, " (",
                 std::strerror(error), ")");
  struct stat info {};
  const bool known = ::fstat(fd, &info) == 0;
  if (!known || !S_ISREG(info.st_mode)) {
    ::close(fd);
    fail(ErrorCode::kIo, "model file ", shown, " is not a regular file");
  }
  size = info.st_size;
  return fd;
}

bool is_text(std::string_view head) {
  return !head.empty() && std::ranges::all_of(head, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x20 || c == '\n' || c == '\r' || c == '\t';
  });
}

// Why bytes that begin with `head` did not parse, as far as that can be told.
[[noreturn]] void fail_parse(std::string_view head, int max_depth) {
  if (is_text(head))
    fail(ErrorCode::kInvalidModel,
         "not an ONNX file: it holds text (protobuf cannot be parsed; it begins ",
         quote(head.substr(0, head.find('\n')).substr(0, 40)), ")");
  // The first field of every known writer: ir_version, a name, the graph or an opset import.
  constexpr std::string_view kFirstTags = "\x08\x12\x1a\x22\x2a\x32\x3a\x42\x72";
  if (kFirstTags.find(head.empty() ? '\0' : head[0]) == std::string_view::npos)
    fail(ErrorCode::kInvalidModel, "not an ONNX file (protobuf cannot be parsed)");
  fail(
      ErrorCode::kInvalidModel,
      "not an ONNX file, or truncated or damaged (protobuf cannot be parsed, or bodies of If, Loop "
      "and Scan are nested deeper than ",
      recursion_limit(max_depth) / kMessagesPerLevel, ")");
}

bool parse(io::ZeroCopyInputStream& stream, int recursion, google::protobuf::MessageLite& message) {
  io::CodedInputStream coded(&stream);
  coded.SetTotalBytesLimit(INT_MAX);
  coded.SetRecursionLimit(recursion);
  return message.ParseFromCodedStream(&coded) && coded.ConsumedEntireMessage();
}

}  // namespace

int recursion_limit(int max_depth) noexcept {
  return kMessagesPerLevel * (std::clamp(max_depth, 0, kDeepest) + 80);
}

std::unique_ptr<pb::ModelProto> parse_file(const std::filesystem::path& file, int max_depth) {
  off_t size = 0;
  const FileHandle handle(open_regular(file, size));
  ENGINE_VALIDATE(size > 0, "the file is empty");
  ENGINE_REQUIRE(size < INT_MAX, ErrorCode::kUnsupported, "the file has ", size,
                 " bytes (protobuf ends at 2 GiB) save the weights as external data");
  io::FileInputStream stream(handle.get());
  auto model = std::make_unique<pb::ModelProto>();
  if (parse(stream, recursion_limit(max_depth), *model)) return model;
  ENGINE_REQUIRE(stream.GetErrno() == 0, ErrorCode::kIo, "cannot read model file ",
                 quote(file.string()), " (", std::strerror(stream.GetErrno()), ")");
  char head[256];
  const ssize_t count = ::pread(handle.get(), head, sizeof head, 0);
  fail_parse({head, static_cast<std::size_t>(std::max<ssize_t>(count, 0))}, max_depth);
}

std::unique_ptr<pb::ModelProto> parse_bytes(std::span<const std::byte> bytes, int max_depth) {
  ENGINE_VALIDATE(!bytes.empty(), "the model is empty (0 bytes)");
  ENGINE_REQUIRE(bytes.size() < INT_MAX, ErrorCode::kUnsupported, "the model has ", bytes.size(),
                 " bytes (protobuf ends at 2 GiB) save it as a file with external data");
  io::ArrayInputStream stream(bytes.data(), static_cast<int>(bytes.size()));
  auto model = std::make_unique<pb::ModelProto>();
  if (parse(stream, recursion_limit(max_depth), *model)) return model;
  const auto head = bytes.first(std::min<std::size_t>(bytes.size(), 256));
  fail_parse({reinterpret_cast<const char*>(head.data()), head.size()}, max_depth);
}

std::unique_ptr<pb::TensorProto> parse_tensor(std::span<const std::byte> bytes) {
  ENGINE_VALIDATE(!bytes.empty(), "the tensor is empty (0 bytes)");
  ENGINE_VALIDATE(bytes.size() < INT_MAX, "the tensor has ", bytes.size(),
                  " bytes (protobuf ends at 2 GiB)");
  io::ArrayInputStream stream(bytes.data(), static_cast<int>(bytes.size()));
  auto tensor = std::make_unique<pb::TensorProto>();
  ENGINE_VALIDATE(parse(stream, recursion_limit(0), *tensor),
                  "not an ONNX tensor, or truncated or damaged (protobuf cannot be parsed)");
  return tensor;
}

}  // namespace engine::onnx
