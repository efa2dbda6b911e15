#include "serve/core/shared_memory.h"

#include "serve/core/text.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace engine::serve {
namespace {

Failure invalid(std::string message) { return {Code::kInvalidArgument, std::move(message)}; }

// shm_overview(7): one slash at the begin, or none, and no other.
bool is_key(std::string_view key) {
  if (key.starts_with('/')) key.remove_prefix(1);
  return !key.empty() && key.size() < 255 && key.find('/') == key.npos && key != "." &&
         key != ".." && key.find('\0') == key.npos;
}

bool fits(std::uint64_t offset, std::uint64_t size, std::uint64_t all) {
  return offset <= all && size <= all - offset;
}

// Moves all bytes by pread or pwrite; false if they end before or an error comes.
template <class Move, class Byte>
bool move_all(const Move& move, int descriptor, std::span<Byte> bytes, std::uint64_t offset) {
  while (!bytes.empty()) {
    const ssize_t moved = move(descriptor, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (moved < 0 && errno == EINTR) continue;
    if (moved <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(moved));
    offset += static_cast<std::uint64_t>(moved);
  }
  return true;
}

}  // namespace

class SharedMemory::Object {
 public:
  explicit Object(const std::string& key) {
    const std::string path = key.starts_with('/') ? key : "/" + key;
    descriptor_ = ::shm_open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0);
  }
  ~Object() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Object(const Object&) = delete;

  int descriptor() const { return descriptor_; }
  std::uint64_t size() const {
    struct stat status {};
    const bool is_object = descriptor_ >= 0 && ::fstat(descriptor_, &status) == 0 &&
                           S_ISREG(status.st_mode) && status.st_size > 0;
    return is_object ? static_cast<std::uint64_t>(status.st_size) : 0;
  }

 private:
  int descriptor_ = -1;
};

std::optional<Failure> SharedMemory::add(const SharedRegion& region) {
  constexpr std::size_t kMostRegions = 4096, kLongestName = 256;
  if (region.name.empty() || region.name.size() > kLongestName)
    return invalid("a shared memory region needs a name of 1 to 256 bytes");
  if (!is_key(region.key))
    return invalid("the key of shared memory region " + quote(region.name) +
                   " is no name of a shared memory object");
  const auto object = std::make_shared<const Object>(region.key);
  if (object->descriptor() < 0)
    return invalid("Unable to open shared memory region " + quote(region.name));
  if (region.byte_size == 0 || !fits(region.offset, region.byte_size, object->size()))
    return invalid("Invalid shared memory region " + quote(region.name) + ": offset " +
                   std::to_string(region.offset) + " and byte size " +
                   std::to_string(region.byte_size) + " do not lie in its object of " +
                   std::to_string(object->size()) + " bytes");
  const std::lock_guard lock(mutex_);
  if (entries_.size() >= kMostRegions)
    return Failure{Code::kResourceExhausted, "there are too many shared memory regions"};
  if (!entries_.try_emplace(region.name, Entry{region, object}).second)
    return Failure{Code::kAlreadyExists,
                   "shared memory region " + quote(region.name) + " already in manager"};
  return {};
}

void SharedMemory::remove(const std::string& name) {
  const std::lock_guard lock(mutex_);
  if (name.empty()) entries_.clear();
  else entries_.erase(name);
}

std::vector<SharedRegion> SharedMemory::list(const std::string& name,
                                             std::optional<Failure>& why) const {
  std::vector<SharedRegion> regions;
  const std::lock_guard lock(mutex_);
  for (const auto& [key, entry] : entries_)
    if (name.empty() || key == name) regions.push_back(entry.region);
  if (!name.empty() && regions.empty())
    why = {Code::kNotFound, "Unable to find system shared memory region: " + quote(name)};
  return regions;
}

std::optional<Failure> SharedMemory::find(const SharedRange& range, Entry& entry) const {
  {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(range.region);
    if (found == entries_.end())
      return Failure{Code::kNotFound,
                     "Unable to find shared memory region: " + quote(range.region)};
    entry = found->second;
  }
  if (fits(range.offset, range.byte_size, entry.region.byte_size)) return {};
  return invalid("Invalid offset + byte size for shared memory region " + quote(range.region) +
                 ": " + std::to_string(range.offset) + " + " + std::to_string(range.byte_size) +
                 " in " + std::to_string(entry.region.byte_size) + " bytes");
}

std::optional<Failure> SharedMemory::check(const SharedRange& range) const {
  Entry entry;
  return find(range, entry);
}

std::optional<Failure> SharedMemory::read(const SharedRange& range,
                                          std::span<std::byte> bytes) const {
  Entry entry;
  if (auto failure = find(range, entry)) return failure;
  if (move_all(::pread, entry.object->descriptor(), bytes, entry.region.offset + range.offset))
    return {};
  return invalid("shared memory region " + quote(range.region) +
                 " is shorter than when it was registered");
}

std::optional<Failure> SharedMemory::write(const SharedRange& range,
                                           std::span<const std::byte> bytes,
                                           std::string_view output) const {
  Entry entry;
  if (auto failure = find(range, entry)) return failure;
  if (bytes.size() > range.byte_size)
    return Failure{Code::kInternal,
                   "shared memory size specified with the request for output " + quote(output) +
                       " (" + std::to_string(range.byte_size) + " bytes) should be at least " +
                       std::to_string(bytes.size()) + " bytes to hold the results"};
  const std::uint64_t begin = entry.region.offset + range.offset;
  // A write beyond the end would make the object grow again.
  if (fits(begin, bytes.size(), entry.object->size()) &&
      move_all(::pwrite, entry.object->descriptor(), bytes, begin))
    return {};
  return invalid("shared memory region " + quote(range.region) +
                 " is shorter than when it was registered");
}

}  // namespace engine::serve
