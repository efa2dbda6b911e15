// ZIP archives of arrays, sound and hostile. The archives are built here, byte by byte.
#include "tools/io/npz.h"

#include "tools/io/inflate.h"
#include "tools/io/npy.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdint>
#include <string>

namespace engine::tools {
namespace {

void put(Bytes& bytes, std::uint64_t value, int width) {
  for (int i = 0; i < width; ++i)
    bytes.push_back(i < 8 ? static_cast<std::byte>(value >> 8 * i & 255) : std::byte{0});
}

void put(Bytes& bytes, std::span<const std::byte> more) {
  bytes.insert(bytes.end(), more.begin(), more.end());
}

void put(Bytes& bytes, const std::string& text) { put(bytes, std::as_bytes(std::span(text))); }

struct Member {
  std::string name;
  Bytes data;
  std::uint16_t method = 0;
  std::uint32_t crc = 0;
  std::uint64_t packed_size = 0, size = 0;
  std::uint16_t flags = 0;
};

Member stored(const std::string& name, const Bytes& data) {
  return {name, data, 0, crc32_of(data), data.size(), data.size(), 0};
}

Member deflated(const std::string& name, const Bytes& data) {
  Bytes packed(compressBound(data.size()) + 16);
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(data.data()));
  stream.avail_in = static_cast<uInt>(data.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return {name, packed, 8, crc32_of(data), packed.size(), data.size(), 0};
}

Bytes archive_of(const std::vector<Member>& members) {
  Bytes bytes, directory;
  for (const Member& member : members) {
    const std::size_t offset = bytes.size();
    put(bytes, 0x04034b50, 4);
    put(bytes, 20, 2), put(bytes, member.flags, 2), put(bytes, member.method, 2), put(bytes, 0, 4);
    put(bytes, member.crc, 4), put(bytes, member.packed_size, 4), put(bytes, member.size, 4);
    put(bytes, member.name.size(), 2), put(bytes, 0, 2);
    put(bytes, member.name), put(bytes, member.data);
    put(directory, 0x02014b50, 4);
    put(directory, 20, 2), put(directory, 20, 2), put(directory, member.flags, 2);
    put(directory, member.method, 2), put(directory, 0, 4), put(directory, member.crc, 4);
    put(directory, member.packed_size, 4), put(directory, member.size, 4);
    put(directory, member.name.size(), 2), put(directory, 0, 12), put(directory, offset, 4);
    put(directory, member.name);
  }
  const std::size_t start = bytes.size();
  put(bytes, directory);
  put(bytes, 0x06054b50, 4), put(bytes, 0, 4);
  put(bytes, members.size(), 2), put(bytes, members.size(), 2);
  put(bytes, directory.size(), 4), put(bytes, start, 4), put(bytes, 0, 2);
  return bytes;
}

std::string error_of(Bytes bytes, const std::string& member = "x") {
  try {
    Npz(std::move(bytes), "a.npz").read(member);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

const Tensor kArray = Tensor::of<float>({2, 2}, {1, 2, 3, 4});

TEST(Npz, ReadsStoredAndDeflatedMembers) {
  const Npz archive(
      archive_of({stored("x.npy", to_npy(kArray)), deflated("a/b.npy", to_npy(kArray))}), "a.npz");
  EXPECT_EQ(archive.names(), (std::vector<std::string>{"x", "a/b"}));
  EXPECT_TRUE(archive.has("a/b"));
  EXPECT_FALSE(archive.has("b"));
  for (const char* name : {"x", "a/b"})
    EXPECT_EQ(archive.read(name).values<float>()[3], 4.0f) << name;
}

TEST(Npz, RefusesWhatIsWrongAndSaysWhy) {
  const Bytes npy = to_npy(kArray);
  const auto expect = [](const Bytes& bytes, const std::string& part) {
    const std::string error = error_of(bytes);
    EXPECT_NE(error.find(part), std::string::npos) << error;
  };
  expect({}, "too short");
  expect(Bytes(100), "no ZIP directory");
  expect(archive_of({stored("y.npy", npy)}), "no member 'x' (it has y)");
  Member member = stored("x.npy", npy);
  member.crc ^= 1;
  expect(archive_of({member}), "checksum");
  member = stored("x.npy", npy);
  member.size = 7;
  expect(archive_of({member}), "two sizes");
  member = stored("x.npy", npy);
  member.method = 12;
  expect(archive_of({member}), "compression 12");
  member = stored("x.npy", npy);
  member.flags = 1;
  expect(archive_of({member}), "encrypted");
  member = stored("x.npy", npy);
  member.packed_size = member.size = 1'000'000;
  expect(archive_of({member}), "beyond the end");
}

TEST(Npz, BombsAreRefusedBeforeMemoryIsTaken) {
  Member member = deflated("x.npy", Bytes(1000));
  member.size = 0xfffffff0;  // 4 GiB from a few bytes
  EXPECT_NE(error_of(archive_of({member})).find("(the limit is"), std::string::npos);
  member.size = 0x50000000;  // allowed, and not there
  EXPECT_NE(error_of(archive_of({member})).find("does not unpack"), std::string::npos);
  member.size = 999;  // more than it says
  EXPECT_NE(error_of(archive_of({member})).find("does not unpack"), std::string::npos);
  member.size = 1001;
  EXPECT_NE(error_of(archive_of({member})).find("does not unpack"), std::string::npos);
}

TEST(Npz, NoTruncationAndNoFlippedByteCrashes) {
  const Bytes whole =
      archive_of({stored("x.npy", to_npy(kArray)), deflated("y.npy", to_npy(kArray))});
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_NE(error_of(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size))),
              "no error");
  for (std::size_t i = 0; i < whole.size(); ++i)
    for (const int flip : {1, 0x80, 0xff}) {
      Bytes damaged = whole;
      damaged[i] ^= static_cast<std::byte>(flip);
      error_of(damaged, "x"), error_of(damaged, "y");
    }
}

}  // namespace
}  // namespace engine::tools
