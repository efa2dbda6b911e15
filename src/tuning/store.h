// Where choices are kept between processes: a JSON file for each device and driver.
#pragma once

#include "tuning/search.h"

#include <filesystem>
#include <string>

namespace engine::tuning {

/// What is known of layers, by their names.
using Entries = std::map<std::string, Entry, std::less<>>;

/// The file of a device in the user's cache folder: $XDG_CACHE_HOME/engine, else ~/.cache/engine.
/// Empty if there is no such folder.
std::filesystem::path default_file(const ops::Hardware& hardware);

/// A file as it was read. It is input like any other: what is wrong with it is said in `remark`,
/// and then there are no entries.
struct StoredEntries {
  Entries entries;
  std::string remark;  ///< why the file is not used; empty if it is, or if there is none
  bool missing = false;
  bool foreign = false;  ///< it is of another device or driver
};
StoredEntries load_entries(const std::filesystem::path& file, const ops::Hardware& hardware);

/// Adds these entries to those of the file, replacing ones of the same name; a damaged file is
/// written anew. Others see the file before or after, never in between, and lose nothing that they
/// save at the same time. Throws Error (kIo, kInvalidArgument if the file is of other hardware).
void save_entries(const std::filesystem::path& file, const ops::Hardware& hardware,
                  const Entries& entries);

/// What kernels want to know of it.
ops::TuningTable table_of(const Entries& entries);

/// The text of a file, and back; `parse_entries` throws Error (kInvalidArgument) with the line.
std::string entries_text(const Entries& entries, const ops::Hardware& hardware);
StoredEntries parse_entries(const std::string& text, const ops::Hardware& hardware);

}  // namespace engine::tuning
