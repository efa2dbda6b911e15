#include <engine/version.h>

#include "numerics/contract.h"

namespace engine {

const char* version() noexcept { return ENGINE_VERSION; }
int contract_version() noexcept { return numerics::kContractVersion; }

}  // namespace engine
