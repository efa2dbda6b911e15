// This engine as something to time, from its public interface.
#pragma once

#include "serve.h"

namespace peers {

/// A bound call of the job's model, or whole runs where the model cannot be bound.
Implementation make_engine(const Job& job);

}  // namespace peers
