#include "tools/report/peers.h"

#include "tools/io/file.h"
#include "tools/report/json_reader.h"

namespace engine::tools {
namespace {

constexpr std::size_t kMostBytes = std::size_t{16} << 20, kMostEntries = 2000;

}  // namespace

std::vector<PeerRatio> parse_peers(std::string_view text, const std::string& source) {
  const JsonReader reader(source, "it must be a list of ratios that bench/peers wrote");
  const Json list = reader.parse(text);
  if (!list.is_array()) reader.refuse("no list");
  if (list.size() > kMostEntries) reader.refuse(list.size(), " entries, more than ", kMostEntries);
  std::vector<PeerRatio> peers;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string where = concat("entry ", i);
    PeerRatio peer;
    peer.model = reader.text(list[i], "model", where);
    peer.peer = reader.text(list[i], "peer", where);
    peer.version = reader.text(list[i], "version", where);
    peer.batch = reader.count(list[i], "batch", where);
    peer.threads = reader.count(list[i], "threads", where);
    peer.ratio = reader.positive(list[i], "ratio", where);
    peer.low = reader.positive(list[i], "low", where);
    peer.high = reader.positive(list[i], "high", where);
    if (peer.low > peer.ratio || peer.ratio > peer.high)
      reader.refuse("the ratio of ", where, " lies outside 'low' to 'high'");
    peers.push_back(std::move(peer));
  }
  return peers;
}

std::vector<PeerRatio> read_peers(const std::filesystem::path& file) {
  const Bytes bytes = read_file(file, kMostBytes);
  return parse_peers({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, file.string());
}

}  // namespace engine::tools
