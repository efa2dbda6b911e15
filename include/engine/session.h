// Session: a model compiled for one device, ready to run from any thread.
#pragma once

#include <engine/model.h>
#include <engine/profile.h>

#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace engine {

/// Threads that the host lends. The engine never blocks on anything but `parallel`.
class ENGINE_API Executor {
 public:
  virtual ~Executor() = default;
  /// How many tasks can usefully run at once.
  virtual int concurrency() const noexcept = 0;
  /// Calls `task(context, i)` once for each i in [0, count), from any threads, and returns when all
  /// have returned. Must not throw.
  virtual void parallel(int count, void (*task)(void* context, int i), void* context) noexcept = 0;
};

/// How to compile and run a model.
struct SessionOptions {
  /// "cpu" (the best instruction set of this machine), "cpu:scalar", "cpu:avx2", "cpu:avx512",
  /// "cpu:neon" (force one), "opencl" (the first OpenCL device, GPUs before CPUs), "opencl:1" or
  /// "opencl:nvidia" (by index or part of a name), "reference" (double precision, slow, judges
  /// accuracy).
  std::string device = "cpu";
  int threads = 1;                          ///< including the caller; results never depend on it
  std::shared_ptr<Executor> executor = {};  ///< the host's threads instead of own ones
  std::vector<std::string> disabled_passes =
      {};  ///< names as `engine inspect` prints them, or "all"
  std::size_t max_bytes = std::size_t{2} << 30;  ///< ceiling for the memory of one run
  Index max_trips = 1'000'000;  ///< ceiling for the trips of all Loops and Scans of one run
  std::size_t max_plans = 16;   ///< plans kept, one for each set of input shapes
  /// What `engine tune` found out about this device, which no bit depends on: "auto" (the file in
  /// the user's cache folder, if there is one), "off", or a file. A file that is damaged or for
  /// another device or driver is left out, which Session::remarks says.
  std::string tuning = "auto";
  /// Of OpenCL devices: a folder that `engine opencl-build` made for the device, with one binary of
  /// all kernels. Nothing is compiled then, and no cache is read or written. It must be for this
  /// device, its driver and this version of the engine, else Error (kInvalidArgument) says what
  /// differs. A binary is code that the driver runs: take it only from whom you trust.
  std::string program = "";
  /// Another device, "cpu" for instance, on which `run` and `submit` repeat what the session's
  /// device fails: the driver reports an error, or memory is short there. The bits are the same;
  /// Session::remarks says so. It is made at the first failure. Empty: such a run is an Error.
  /// Bound calls report a Status either way.
  std::string spare = "";
};

/// What a session promises about the bits of its results.
struct Guarantees {
  int contract_version = 0;
  bool batch_invariant = false;   ///< a sample's bits do not depend on the batch or its place in it
  bool thread_invariant = false;  ///< ... on the number of threads
  bool device_invariant = false;  ///< ... on the instruction set or the device
  std::vector<std::string> exceptions;  ///< nodes for which the promise does not hold, and why
};

/// Where the nodes of a session run, over all shapes that it has been run or bound with.
struct Placement {
  bool interpreted = false;            ///< shapes depend on values: transfers around each node
  Index nodes = 0, on_host = 0;        ///< of the plan or run that has most on the host
  std::vector<std::string> operators;  ///< those on the host, sorted

  /// Whether nothing but the device computed.
  bool on_device() const noexcept { return on_host == 0; }
};

/// A session bound to fixed input shapes, with all memory taken and all kernels chosen.
/// Movable, not copyable; one thread at a time. Keeps what it needs of the session alive.
class ENGINE_API BoundCall {
 public:
  BoundCall(BoundCall&&) noexcept;
  BoundCall& operator=(BoundCall&&) noexcept;
  ~BoundCall();

  /// Memory of an input, to be filled before `run`; an output, to be read after it. The spans stay
  /// valid for the life of the call. Throws Error (kInvalidArgument) on a wrong name or type.
  template <class T>
  std::span<T> input(std::string_view name) {
    return as<T>(input_memory(name, dtype_of<T>));
  }
  template <class T>
  std::span<const T> output(std::string_view name) const {
    return as<const T>(output_memory(name, dtype_of<T>));
  }
  Shape input_shape(std::string_view name) const;
  Shape output_shape(std::string_view name) const;

  /// Runs once. Allocates nothing, takes no lock, throws nothing. On failure the outputs are
  /// unspecified and the call can be run again.
  Status run() noexcept;

  /// Runs once and adds the time of every node to `profile`.
  Status run(Profile& profile);

  /// Text for a failed status: which node, which values, what to try.
  std::string message(const Status& status) const;

  struct Impl;
  explicit BoundCall(std::unique_ptr<Impl> impl);

 private:
  struct Memory {
    void* data;
    std::size_t count;
  };
  Memory input_memory(std::string_view name, DType wanted) const;
  Memory output_memory(std::string_view name, DType wanted) const;
  template <class T>
  static std::span<T> as(Memory memory) {
    return {static_cast<T*>(memory.data), memory.count};
  }
  std::unique_ptr<Impl> impl_;
};

/// A model compiled for one device. Copies share everything. Thread-safe and re-entrant: each
/// concurrent run takes a context (an arena) from a pool.
class ENGINE_API Session {
 public:
  explicit Session(const Model& model, SessionOptions options = {});

  /// Runs on the given inputs. Throws Error: kInvalidArgument (names, types, shapes, with what was
  /// expected), kRunFailed, kResourceExhausted.
  Tensors run(const Tensors& inputs) const;

  /// The same, later: returns at once. Submitted runs start in order, on a thread of the session. A
  /// device with memory of its own has up to two of them at once, and no thread waits for it,
  /// unless steps of the model need the host.
  std::future<Tensors> submit(Tensors inputs) const;
  /// `on_done(outputs, nullptr)` or `on_done({}, error)`, called on the session's thread. It may
  /// submit more, and may let go of the session.
  void submit(Tensors inputs, std::function<void(Tensors, std::exception_ptr)> on_done) const;

  /// Fixes the shapes of all inputs. Throws if a shape does not fit, or if an output's shape
  /// depends on the values of the inputs (NonZero, Loop, ...): such models only have `run`.
  BoundCall bind(const std::map<std::string, Shape, std::less<>>& shapes) const;

  Guarantees guarantees() const;
  const Model& model() const noexcept;
  const SessionOptions& options() const noexcept;
  /// The device in full, such as "cpu:avx512".
  std::string device() const;
  /// For people: what was left out, such as a tuning file that is damaged, and which nodes no
  /// kernel of the device was found for, as far as shapes have been run or bound.
  std::vector<std::string> remarks() const;
  /// The same of the nodes, as facts. On the CPU nothing counts as on the host.
  Placement placement() const;

  struct Impl;
  const std::shared_ptr<Impl>& impl() const noexcept { return impl_; }

 private:
  std::shared_ptr<Impl> impl_;
};

/// A device that a session may be compiled for.
struct DeviceInfo {
  std::string name;         ///< as SessionOptions::device takes it
  std::string description;  ///< for people
  bool available = false;   ///< on this machine
};

/// All devices this build knows, available or not.
ENGINE_API std::vector<DeviceInfo> devices();

}  // namespace engine
