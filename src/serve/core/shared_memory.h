// Regions of system shared memory that clients register, to send tensors without a socket.
#pragma once

#include "serve/core/failure.h"

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace engine::serve {

/// What a client calls a part of a POSIX shared memory object.
struct SharedRegion {
  std::string name = {}, key = {};
  std::uint64_t offset = 0, byte_size = 0;  ///< of the part in the object
};

/// Part of a region that holds a tensor.
struct SharedRange {
  std::string region;
  std::uint64_t offset = 0, byte_size = 0;
};

/// The regions of a server. Thread-safe. Nothing is mapped: bytes are read and written through the
/// object's descriptor, so that an owner who shrinks it causes an error and no fault of the bus.
class SharedMemory {
 public:
  /// Opens a region. Fails if the name is taken, there is no such object, or it is too small.
  /// Messages do not have the key, which is as good as a password.
  std::optional<Failure> add(const SharedRegion& region);

  /// Forgets a region, or all for "". Requests that use it go on.
  void remove(const std::string& name);

  /// The region, or all for ""; nothing and `why` if there is none.
  std::vector<SharedRegion> list(const std::string& name, std::optional<Failure>& why) const;

  /// Copies the range into `bytes`, which is as long.
  std::optional<Failure> read(const SharedRange& range, std::span<std::byte> bytes) const;

  /// Copies `bytes` to the begin of the range, which must not be shorter.
  std::optional<Failure> write(const SharedRange& range, std::span<const std::byte> bytes,
                               std::string_view output) const;

  /// Whether the range lies in its region.
  std::optional<Failure> check(const SharedRange& range) const;

 private:
  class Object;
  struct Entry {
    SharedRegion region;
    std::shared_ptr<const Object> object;
  };
  std::optional<Failure> find(const SharedRange& range, Entry& entry) const;

  mutable std::mutex mutex_;
  std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace engine::serve
