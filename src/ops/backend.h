// What a device must offer: kernels for operators at fixed shapes.
#pragma once

#include "base/pool.h"
#include "ops/device_run.h"
#include "ops/operator.h"
#include "ops/tuning.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace engine::ops {

/// Constants of a node in the form a kernel wants: packed once per program, shared by all its
/// plans.
class Packed {
 public:
  virtual ~Packed() = default;
  /// Inputs (bits, by position) whose original elements no kernel of this node reads any more.
  unsigned consumed_inputs = 0;
};

/// What a kernel gets for one run. Pointers are 64-byte aligned but for inputs in foreign memory;
/// an absent tensor is null. An output may be overwritten up to the end of its last cache line.
struct Call {
  const void* const* in;
  void* const* out;
  std::byte* scratch;  ///< as many bytes as the kernel asked for, 64-byte aligned, unspecified
  Pool& pool;
  /// How often these kernels have run in the same memory before, or null if nobody counts. May
  /// choose the order in which outputs are computed, and nothing that a bit depends on.
  const unsigned* earlier_runs = nullptr;
};

/// An operator bound to shapes: immutable, used by many runs at once.
class Kernel {
 public:
  virtual ~Kernel() = default;
  /// Allocates nothing, takes no lock.
  virtual Fault run(const Call& call) const noexcept = 0;
  /// Scratch for one run in which at most `threads` tasks run at once.
  virtual std::size_t scratch_bytes(int threads) const noexcept {
    (void)threads;
    return 0;
  }
  /// Whether output 0 may lie in the memory of this input (same bytes, element by element).
  virtual bool may_overwrite(Index input) const noexcept {
    (void)input;
    return false;
  }
  /// For profiles: "conv_direct[avx512]".
  virtual std::string name() const = 0;
  /// What may be chosen for this kernel, if there is anything.
  virtual std::optional<Tunable> tunable() const { return std::nullopt; }
  /// Whether the backend has no kernel of its own for the node and another one's runs.
  virtual bool is_fallback() const noexcept { return false; }
};

/// A node at fixed shapes.
struct Binding {
  const Operator& op;
  std::span<const Input> in;    ///< data is set for constants that are still there, else null
  std::span<const Output> out;  ///< data is null
  const Packed* packed;         ///< what `pack` made of the node's constants, or null
  int threads = 1;              ///< tasks at once that a run is expected to have
  const TuningTable* tuning = nullptr;  ///< choices to take instead of defaults, or null
};

/// Whether a node can also be bound to blocked operands (ops/layout.h) at these shapes.
struct LayoutOffer {
  unsigned inputs = 0;     ///< bit i: input i is blocked then; 0: the node takes plain tensors only
  bool output = false;     ///< output 0 is blocked then
  bool preferred = false;  ///< worth reordering for; else only taken if an input is blocked already
  Border border = {};      ///< that input 0 needs
};

class Backend {
 public:
  virtual ~Backend() = default;
  virtual std::string name() const = 0;  ///< "cpu:avx512"
  /// Why results may have other bits than those of the arithmetic contract, as a clause; empty if
  /// they have not.
  virtual std::string other_bits() const { return {}; }
  /// What `engine tune` keeps choices for: this machine's CPU unless it is another device.
  virtual Hardware hardware() const;
  /// Packs what is constant. `in[i].value` is set for constants. Null if there is nothing to pack.
  virtual std::shared_ptr<const Packed> pack(const Operator& op, const Operands& in) const = 0;
  /// A kernel for these shapes; always one, if need be the operator's own `evaluate`. It keeps no
  /// pointer into the binding but those to the operator and the packed constants.
  std::unique_ptr<Kernel> bind(const Binding& binding) const;
  /// Kernels that a plan needs beside those of its nodes: from one layout to another, and from one
  /// place to another.
  virtual std::unique_ptr<Kernel> bind_reorder(const Input& from, const Output& to) const;
  virtual std::unique_ptr<Kernel> bind_copy(std::size_t bytes) const;
  /// Which other layouts the operands of this binding, all plain, may have. The bits of the results
  /// do not depend on the layout.
  virtual LayoutOffer offer(const Binding&) const { return {}; }
  /// Bytes of activations that stay close to one thread between two steps; 0: they never do, or
  /// distance costs nothing.
  virtual std::size_t near_bytes() const { return 0; }
  /// Of all places in an arena, in bytes: a power of two, 64 at least.
  virtual std::size_t alignment() const { return 64; }
  /// Whether tensors of a run lie in memory of the device: `record` makes all runs then.
  virtual bool has_own_memory() const { return false; }
  /// A run of kernels of this backend in the device's memory, with tasks for `pool` where it needs
  /// the host; null if kernels run in host memory. Throws Error (kResourceExhausted, kIo).
  virtual std::unique_ptr<DeviceRun> record(const Recording& recording, Pool& pool) const {
    (void)recording, (void)pool;
    return nullptr;
  }

 private:
  virtual std::unique_ptr<Kernel> bind_kernel(const Binding& binding) const = 0;
};

/// The operator itself as a kernel: `evaluate`, or `reference` for the oracle.
std::unique_ptr<Kernel> bind_operator(const Binding& binding, bool reference);

/// Double precision, slow, judges accuracy.
std::unique_ptr<Backend> make_reference_backend();

}  // namespace engine::ops
