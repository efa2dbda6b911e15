#include "tools/io/npz.h"

#include "base/check.h"
#include "base/text.h"
#include "tools/io/inflate.h"
#include "tools/io/npy.h"

#include <algorithm>
#include <set>

namespace engine::tools {
namespace {

constexpr std::uint32_t kLocalHeader = 0x04034b50, kDirectoryEntry = 0x02014b50;
constexpr std::uint32_t kEndOfDirectory = 0x06054b50, kEndOfDirectory64 = 0x06064b50;
constexpr std::uint32_t kLocator64 = 0x07064b50;
constexpr std::uint32_t kIn64 = 0xffffffff;  // the value stands in the ZIP64 field
constexpr std::uint64_t kMaxEntries = 100'000;
constexpr std::uint64_t kMaxMember = std::uint64_t{3} << 29;

}  // namespace

Npz::Npz(Bytes bytes, std::string name) : bytes_(std::move(bytes)), name_(std::move(name)) {
  read_directory(find_directory());
}

Npz Npz::open(const std::filesystem::path& file) { return {read_file(file), file.string()}; }

void Npz::damaged(const std::string& why) const {
  fail(ErrorCode::kInvalidArgument, quote(name_), " is not a readable .npz file (", why, ")");
}

// Little endian; the one place where the archive's bytes are read, so the one place that checks.
std::uint64_t Npz::number(std::uint64_t at, int bytes) const {
  if (at > bytes_.size() || bytes_.size() - at < static_cast<std::size_t>(bytes))
    damaged("it ends within its directory");
  std::uint64_t value = 0;
  for (int i = bytes; i-- > 0;)
    value = value << 8 | static_cast<std::uint64_t>(bytes_[at + static_cast<std::size_t>(i)]);
  return value;
}

Npz::Directory Npz::find_directory() const {
  constexpr std::size_t kEnd = 22, kLongestComment = 65535;
  if (bytes_.size() < kEnd) damaged("it is too short for a ZIP archive");
  std::size_t at = bytes_.size() - kEnd;
  const std::size_t first = at > kLongestComment ? at - kLongestComment : 0;
  while (number(at, 4) != kEndOfDirectory) {
    if (at == first) damaged("it has no ZIP directory; is it complete?");
    --at;
  }
  Directory directory{number(at + 16, 4), number(at + 12, 4), number(at + 10, 2)};
  const bool large = directory.offset == kIn64 || directory.entries == 0xffff;
  if (large && at >= 20 && number(at - 20, 4) == kLocator64) {
    const std::uint64_t at64 = number(at - 12, 8);
    if (number(at64, 4) != kEndOfDirectory64) damaged("its ZIP64 directory is missing");
    directory = {number(at64 + 48, 8), number(at64 + 40, 8), number(at64 + 32, 8)};
  }
  return directory;
}

void Npz::read_directory(const Directory& directory) {
  if (directory.offset > bytes_.size() || bytes_.size() - directory.offset < directory.bytes)
    damaged("its directory lies outside the file");
  if (directory.entries > kMaxEntries)
    damaged(
        concat("it claims ", directory.entries, " members; at most ", kMaxEntries, " are read"));
  const std::size_t end = directory.offset + directory.bytes;
  std::size_t at = directory.offset;
  for (std::uint64_t i = 0; i < directory.entries; ++i) at = read_entry(at, end);
  std::set<std::string_view> seen;
  for (const Entry& entry : entries_)
    if (!seen.insert(entry.name).second) damaged("member " + quote(entry.name) + " is there twice");
}

// Reads the entry at `at` and returns where the next one begins.
std::size_t Npz::read_entry(std::size_t at, std::size_t end) {
  constexpr std::size_t kFixed = 46;
  if (end - at < kFixed || number(at, 4) != kDirectoryEntry) damaged("a directory entry is broken");
  Entry entry;
  entry.flags = static_cast<std::uint16_t>(number(at + 8, 2));
  entry.method = static_cast<std::uint16_t>(number(at + 10, 2));
  entry.crc = static_cast<std::uint32_t>(number(at + 16, 4));
  entry.packed = number(at + 20, 4);
  entry.size = number(at + 24, 4);
  entry.offset = number(at + 42, 4);
  const std::size_t name = number(at + 28, 2), extra = number(at + 30, 2);
  const std::size_t comment = number(at + 32, 2);
  const std::size_t length = kFixed + name + extra + comment;
  if (end - at < length) damaged("a directory entry is broken");
  const char* text = reinterpret_cast<const char*>(bytes_.data()) + at + kFixed;
  entry.name.assign(text, name);
  if (entry.name.ends_with(".npy")) entry.name.resize(entry.name.size() - 4);
  read_zip64(entry, at + kFixed + name, at + kFixed + name + extra);
  entries_.push_back(std::move(entry));
  return at + length;
}

// The extra field is a list of (tag, size, bytes); tag 1 holds, in this order, what did not fit.
void Npz::read_zip64(Entry& entry, std::size_t at, std::size_t end) const {
  while (end - at >= 4) {
    const std::uint64_t tag = number(at, 2);
    const std::size_t size = number(at + 2, 2);
    at += 4;
    if (end - at < size) damaged("a directory entry is broken");
    if (tag == 1) {
      std::size_t field = at;
      for (std::uint64_t* value : {&entry.size, &entry.packed, &entry.offset}) {
        if (*value != kIn64) continue;
        if (at + size - field < 8) damaged("a ZIP64 field is too short");
        *value = number(field, 8);
        field += 8;
      }
      return;
    }
    at += size;
  }
}

std::vector<std::string> Npz::names() const {
  std::vector<std::string> names;
  for (const Entry& entry : entries_) names.push_back(entry.name);
  return names;
}

const Npz::Entry* Npz::find(std::string_view member) const noexcept {
  const auto found = std::ranges::find(entries_, member, &Entry::name);
  return found == entries_.end() ? nullptr : &*found;
}

bool Npz::has(std::string_view member) const noexcept { return find(member) != nullptr; }

// The local header repeats name and extra field, with lengths of its own; its sizes may be absent.
std::span<const std::byte> Npz::packed_bytes(const Entry& entry) const {
  constexpr std::uint64_t kFixed = 30;
  if (entry.offset > bytes_.size() || number(entry.offset, 4) != kLocalHeader)
    damaged("member " + quote(entry.name) + " is not where the directory says");
  const std::uint64_t first =
      entry.offset + kFixed + number(entry.offset + 26, 2) + number(entry.offset + 28, 2);
  if (first > bytes_.size() || bytes_.size() - first < entry.packed)
    damaged("member " + quote(entry.name) + " reaches beyond the end of the file");
  return std::span(bytes_).subspan(first, entry.packed);
}

Bytes Npz::unpack(const Entry& entry) const {
  constexpr std::uint16_t kEncrypted = 1, kStored = 0, kDeflated = 8;
  ENGINE_REQUIRE(!(entry.flags & kEncrypted), ErrorCode::kUnsupported, "member ", quote(entry.name),
                 " of ", quote(name_), " is encrypted");
  ENGINE_REQUIRE(entry.method == kStored || entry.method == kDeflated, ErrorCode::kUnsupported,
                 "member ", quote(entry.name), " of ", quote(name_), " has ZIP compression ",
                 entry.method, " (stored and deflated are read); write it with numpy.savez");
  ENGINE_REQUIRE(entry.size <= kMaxMember, ErrorCode::kResourceExhausted, "member ",
                 quote(entry.name), " of ", quote(name_), " has ", entry.size,
                 " bytes (the limit is ", kMaxMember, ")");
  const std::span<const std::byte> packed = packed_bytes(entry);
  Bytes bytes;
  if (entry.method == kStored) {
    if (entry.size != entry.packed) damaged("member " + quote(entry.name) + " has two sizes");
    bytes.assign(packed.begin(), packed.end());
  } else if (!inflate(packed, entry.size, bytes)) {
    damaged(concat("member ", quote(entry.name), " does not unpack to ", entry.size, " bytes"));
  }
  if (crc32_of(bytes) != entry.crc)
    damaged("the checksum of member " + quote(entry.name) + " is wrong");
  return bytes;
}

Tensor Npz::read(std::string_view member) const {
  const Entry* entry = find(member);
  ENGINE_REQUIRE(entry, ErrorCode::kInvalidArgument, quote(name_), " has no member ", quote(member),
                 " (it has ", join(names()), "); choose one with FILE.npz:MEMBER");
  return parse_npy(unpack(*entry), name_ + ":" + entry->name);
}

}  // namespace engine::tools
