// Numbers with units, for people.
#pragma once

#include <engine/types.h>

#include <string>

namespace engine::tools {

std::string duration_text(double nanoseconds);               ///< "1.23 us"
std::string count_text(double count);                        ///< "25.6 M"
std::string bytes_text(double bytes);                        ///< "97.5 MiB"
std::string rate_text(double per_second, const char* unit);  ///< "1.50 GFLOP/s"
std::string number_text(double value);                       ///< six significant digits

}  // namespace engine::tools
