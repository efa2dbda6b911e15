#include "tuning/shipped.h"

#include <span>

namespace engine::tuning {

Entries shipped_entries(const ops::Hardware& hardware) {
  Entries all;
  for (const ShippedFile& file : std::span(kShippedFiles, kShippedFileCount))
    all.merge(parse_entries(std::string(file.text), hardware).entries);
  return all;
}

}  // namespace engine::tuning
