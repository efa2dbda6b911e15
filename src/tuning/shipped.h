// Choices that come with the library: the files of src/tuning/shipped, as `engine tune --export`
// writes them.
#pragma once

#include "tuning/store.h"

#include <cstddef>
#include <string_view>

namespace engine::tuning {

struct ShippedFile {
  std::string_view path, text;
};
extern const ShippedFile kShippedFiles[];
extern const std::size_t kShippedFileCount;

/// What the files say of this hardware.
Entries shipped_entries(const ops::Hardware& hardware);

}  // namespace engine::tuning
