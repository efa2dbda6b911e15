// Ratios to other engines, as bench/peers writes them.
#pragma once

#include <engine/types.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace engine::tools {

/// A peer's time by ours: above 1 the engine is faster.
struct PeerRatio {
  std::string model, peer, version;
  Index batch = 1, threads = 1;
  double ratio = 1, low = 1, high = 1;
};

/// A JSON list of {"model", "batch", "threads", "peer", "version", "ratio", "low", "high"}. The
/// text is believed in nothing: throws Error (kInvalidArgument), naming `source`.
std::vector<PeerRatio> parse_peers(std::string_view text, const std::string& source);
std::vector<PeerRatio> read_peers(const std::filesystem::path& file);

}  // namespace engine::tools
