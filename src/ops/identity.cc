#include "ops/identity.h"

#include "ops/attributes.h"

namespace engine::ops {

OperatorPtr make_Identity(const Attributes&) { return std::make_shared<Identity>(); }

}  // namespace engine::ops
