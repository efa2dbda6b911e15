#pragma once

#include <engine/export.h>

namespace engine {

/// Version of the library, "major.minor.patch".
ENGINE_API const char* version() noexcept;

/// Version of the arithmetic contract: two builds with the same one give the same bits.
ENGINE_API int contract_version() noexcept;

}  // namespace engine
