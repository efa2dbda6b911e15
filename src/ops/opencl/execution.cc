#include "ops/opencl/execution.h"

#include "base/aligned.h"
#include "base/check.h"

#include <chrono>
#include <cstring>
#include <thread>
#include <utility>

namespace engine::opencl {
namespace {

using ops::Place;

// Host memory that the device can reach without another copy, if its driver has such.
class Staging {
 public:
  Staging() = default;
  Staging(const Device& device, const Queue& queue, std::size_t bytes)
      : queue_(queue.get()), buffer_(device.allocate(bytes, CL_MEM_ALLOC_HOST_PTR)) {
    cl_int code = CL_SUCCESS;
    data_ = static_cast<std::byte*>(
        api().clEnqueueMapBuffer(queue_, buffer_.get(), CL_TRUE, CL_MAP_READ | CL_MAP_WRITE, 0,
                                 std::max<std::size_t>(bytes, 1), 0, nullptr, nullptr, &code));
    require(code, concat("clEnqueueMapBuffer of ", bytes, " bytes"));
  }
  Staging(Staging&&) = delete;
  ~Staging() {
    if (!data_) return;
    api().clEnqueueUnmapMemObject(queue_, buffer_.get(), data_, 0, nullptr, nullptr);
    api().clFinish(queue_);
  }
  std::byte* data() const noexcept { return data_; }

 private:
  cl_command_queue queue_ = nullptr;
  Buffer buffer_;
  std::byte* data_ = nullptr;
};

// A kernel of a launch with all arguments set.
struct Bound {
  KernelHandle kernel;
  const Launch* launch;
  std::vector<Buffer> operands;  // sub-buffers that the arguments name
};

// Bytes between the arena and host memory.
struct Transfer {
  std::size_t offset = 0, bytes = 0;
  std::byte* host = nullptr;
};

// A step: launches, or a node on the host between transfers.
struct Action {
  std::vector<Bound> launches;
  const HostKernel* host = nullptr;
  std::vector<const void*> in;
  std::vector<void*> out;
  std::vector<Transfer> down, up;
  AlignedBytes memory;
  std::byte* scratch = nullptr;
};

class Run final : public ops::DeviceRun {
 public:
  Run(std::shared_ptr<Device> device, const ops::Recording& recording, Pool& pool)
      : device_(std::move(device)),
        pool_(pool),
        queue_(device_->make_queue()),
        arena_(device_->allocate(recording.arena_bytes)),
        inputs_(recording.inputs),
        outputs_(recording.outputs),
        staging_(*device_, queue_, lay_out(recording)),
        faults_(device_->allocate(sizeof(FaultCell))) {
    require(clear_faults(queue_.get()), "clEnqueueWriteBuffer");
    for (const ops::Recording::Step& step : recording.steps) actions_.push_back(action(step));
  }

  // Runs what no process before has run, so that the cache has native code for all of it.
  void warm_up() {
    bool any = false;
    for (const Action& action : actions_)
      for (const Bound& bound : action.launches) {
        const auto& [x, y, z] = bound.launch->group;
        any |= device_->is_new(bound.launch->program,
                               concat(bound.launch->kernel, " ", x, "x", y, "x", z,
                                      bound.launch->first[1] ? " behind" : ""));
      }
    if (!any) return;
    Fault fault = ops::kNoFault;
    for (const Action& action : actions_)
      if (!action.host && fault.ok()) fault = perform(queue_.get(), action, nullptr);
    if (api().clFinish(queue_.get()) == CL_SUCCESS && fault.ok()) device_->save_programs();
    require(clear_faults(queue_.get()), "clEnqueueWriteBuffer");  // the memory held anything
  }

  std::byte* input(std::size_t i) noexcept override { return staging_.data() + in_offsets_[i]; }
  std::byte* output(std::size_t i) noexcept override { return staging_.data() + out_offsets_[i]; }

  bool needs_host() const noexcept override {
    return std::ranges::any_of(actions_, [](const Action& action) { return action.host; });
  }

  void start(Done done) noexcept override {
    done_ = std::move(done);
    std::ptrdiff_t step = -1;
    Fault fault = enqueue(queue_.get(), step, nullptr);
    cl_event end = nullptr;
    if (fault.ok())
      fault = fault_of(api().clEnqueueMarkerWithWaitList(queue_.get(), 0, nullptr, &end));
    end_ = EventHandle(end);
    if (fault.ok()) fault = fault_of(api().clFlush(queue_.get()));
    if (fault.ok())
      fault = fault_of(api().clSetEventCallback(end, CL_COMPLETE, &Run::when_ended, this));
    if (fault.ok()) return;
    api().clFinish(queue_.get());
    tell(fault, step);
  }

  Fault run(std::ptrdiff_t& step) noexcept override { return run_on(queue_.get(), step, nullptr); }

  Fault run(std::ptrdiff_t& step, std::span<std::int64_t> spent) override {
    if (!profiled_) profiled_ = device_->make_queue(true);
    std::vector<std::vector<EventHandle>> events(actions_.size());
    for (std::size_t i = 0; i < events.size(); ++i) events[i].reserve(actions_[i].launches.size());
    const Fault fault = run_on(profiled_.get(), step, &events);
    if (!fault.ok()) return fault;  // events may have no times
    for (std::size_t i = 0; i < events.size() && i < spent.size(); ++i)
      for (const EventHandle& event : events[i]) spent[i] += duration(event.get());
    return fault;
  }

 private:
  // Where inputs and outputs lie in the staging memory; its size.
  std::size_t lay_out(const ops::Recording& recording) {
    std::size_t bytes = 0;
    const auto add = [&](const std::vector<ops::Recording::Port>& ports,
                         std::vector<std::size_t>& offsets) {
      for (const ops::Recording::Port& port : ports) {
        offsets.push_back(bytes);
        bytes += whole_lines(port.bytes);
      }
    };
    add(recording.inputs, in_offsets_);
    add(recording.outputs, out_offsets_);
    return bytes;
  }

  Action action(const ops::Recording::Step& step) {
    Action action;
    if (const auto* kernel = dynamic_cast<const DeviceKernel*>(step.kernel)) {
      for (const Launch& launch : kernel->launches())
        action.launches.push_back(bind(launch, *kernel, step));
    } else if (const auto* host = dynamic_cast<const HostKernel*>(step.kernel)) {
      bind_host(*host, step, action);
    }  // else: outputs without elements
    return action;
  }

  Bound bind(const Launch& launch, const DeviceKernel& kernel, const ops::Recording::Step& step) {
    Bound bound{device_->make_kernel(launch.program, launch.kernel), &launch, {}};
    cl_uint position = 0;
    const auto set = [&](std::size_t bytes, const void* value) {
      require(api().clSetKernelArg(bound.kernel.get(), position, bytes, value),
              concat("clSetKernelArg ", position, " of ", launch.kernel));
      ++position;
    };
    const auto set_buffer = [&](Buffer buffer) {
      const cl_mem memory = buffer.get();
      set(sizeof(memory), memory ? &memory : nullptr);
      bound.operands.push_back(std::move(buffer));
    };
    const auto set_faults = [&] {
      const cl_mem cell = faults_.get();
      const auto number = static_cast<cl_int>(actions_.size() + 1);
      set(sizeof(cell), &cell);
      set(sizeof(number), &number);
      reports_ = true;
    };
    for (const Argument& argument : launch.arguments) {
      if (const auto* in = std::get_if<In>(&argument))
        set_buffer(operand(step.in[in->index], kernel.in_bytes()[in->index]));
      else if (const auto* out = std::get_if<Out>(&argument))
        set_buffer(operand(step.out[out->index], kernel.out_bytes()[out->index]));
      else if (const auto* scratch = std::get_if<Scratch>(&argument))
        set_buffer(part(step.scratch + scratch->offset, scratch->bytes));
      else if (std::get_if<Faults>(&argument)) set_faults();
      else std::visit([&](const auto& value) { set(sizeof(value), &value); }, argument);
    }
    if (device_->is_single_item())
      for (const std::size_t n : {launch.first[1], launch.items[1], launch.items[2]}) {
        const auto value = static_cast<cl_int>(n);
        set(sizeof(value), &value);
      }
    return bound;
  }

  Buffer operand(const Place& place, std::size_t bytes) {
    switch (place.kind) {
      case Place::Kind::kArena: return part(place.offset, bytes);
      case Place::Kind::kConstant: return constant(place.constant, bytes);
      default: return {};
    }
  }

  // Kernels read whole vectors, up to the end of the last cache line.
  Buffer constant(const void* data, std::size_t bytes) const {
    std::vector<std::byte> padded(whole_lines(bytes));
    if (bytes) std::memcpy(padded.data(), data, bytes);
    return device_->upload(padded.data(), padded.size());
  }

  // Of the arena. Vectors may be written whole up to the end of the last cache line.
  Buffer part(std::size_t offset, std::size_t bytes) const {
    const cl_buffer_region region{offset, std::max<std::size_t>(whole_lines(bytes), 64)};
    cl_int code = CL_SUCCESS;
    Buffer buffer(api().clCreateSubBuffer(arena_.get(), CL_MEM_READ_WRITE,
                                          CL_BUFFER_CREATE_TYPE_REGION, &region, &code));
    require(code, concat("clCreateSubBuffer of ", bytes, " bytes at ", offset));
    return buffer;
  }

  void bind_host(const HostKernel& host, const ops::Recording::Step& step, Action& action) {
    action.host = &host;
    std::size_t bytes = 0;
    const auto take = [&](std::size_t size) {
      const std::size_t offset = bytes;
      bytes += whole_lines(std::max<std::size_t>(size, 1));
      return offset;
    };
    std::vector<std::size_t> in, out;
    for (const std::size_t size : host.in_bytes()) in.push_back(take(size));
    for (const std::size_t size : host.out_bytes()) out.push_back(take(size));
    const std::size_t scratch = take(host.scratch_bytes(pool_.concurrency()));
    action.memory = aligned_bytes(bytes);
    ENGINE_REQUIRE(action.memory, ErrorCode::kResourceExhausted, "no memory for ", host.name());
    std::byte* memory = action.memory.get();
    action.scratch = memory + scratch;
    for (std::size_t i = 0; i < in.size(); ++i) {
      const Place& place = step.in[i];
      const bool moved = place.kind == Place::Kind::kArena;
      if (moved) action.down.push_back({place.offset, host.in_bytes()[i], memory + in[i]});
      action.in.push_back(moved ? memory + in[i] : place.constant);
    }
    for (std::size_t i = 0; i < out.size(); ++i) {
      const Place& place = step.out[i];
      const bool moved = place.kind == Place::Kind::kArena;
      if (moved) action.up.push_back({place.offset, host.out_bytes()[i], memory + out[i]});
      action.out.push_back(moved ? memory + out[i] : nullptr);
    }
  }

  using Events = std::vector<std::vector<EventHandle>>;

  static void CL_CALLBACK when_ended(cl_event, cl_int code, void* run) {
    auto& self = *static_cast<Run*>(run);
    std::ptrdiff_t step = -1;
    const Fault fault = code < 0 ? fault_of(code) : self.reported(step);
    self.tell(fault, step);
  }
  // This may be gone when `done` returns.
  void tell(const Fault& fault, std::ptrdiff_t step) {
    const Done done = std::move(done_);
    done(fault, step);
  }

  Fault run_on(cl_command_queue queue, std::ptrdiff_t& step, Events* events) noexcept {
    Fault fault = enqueue(queue, step, events);
    if (fault.ok()) fault = watch(queue);
    if (const Fault end = fault_of(api().clFinish(queue)); fault.ok()) fault = end;
    return fault.ok() ? reported(step) : fault;
  }

  // Looks for the end of a short run: to be woken from clFinish takes longer than many of them do.
  static Fault watch(cl_command_queue queue) noexcept {
    constexpr std::chrono::microseconds kLongest(200);
    cl_event last = nullptr;
    cl_int code = api().clEnqueueMarkerWithWaitList(queue, 0, nullptr, &last);
    const EventHandle held(last);
    if (code == CL_SUCCESS) code = api().clFlush(queue);
    const auto end = std::chrono::steady_clock::now() + kLongest;
    cl_int status = CL_QUEUED;
    while (code == CL_SUCCESS && status > CL_COMPLETE && std::chrono::steady_clock::now() < end) {
      std::this_thread::yield();  // a device on the CPU may want the core
      code = api().clGetEventInfo(last, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(status), &status,
                                  nullptr);
    }
    return fault_of(code);
  }

  Fault enqueue(cl_command_queue queue, std::ptrdiff_t& step, Events* events) noexcept {
    step = -1;
    Fault fault = begin(queue);
    if (fault.ok()) fault = move_inputs(queue);
    for (std::size_t i = 0; i < actions_.size() && fault.ok(); ++i) {
      // The host must not go on with what a kernel before it has left undone.
      if (actions_[i].host && reports_) fault = wait_for_reports(queue, step);
      if (!fault.ok()) break;
      fault = perform(queue, actions_[i], events ? &(*events)[i] : nullptr);
      if (!fault.ok()) step = static_cast<std::ptrdiff_t>(i);
    }
    if (fault.ok()) fault = move_outputs(queue);
    return fault.ok() && reports_ ? read_faults(queue) : fault;
  }

  // A run that stopped on its way may have left a report that nobody has read.
  Fault begin(cl_command_queue queue) noexcept {
    if (!reports_) return ops::kNoFault;
    const bool stale = std::exchange(stale_, true);
    return stale ? fault_of(clear_faults(queue)) : ops::kNoFault;
  }

  Fault read_faults(cl_command_queue queue) noexcept {
    return fault_of(api().clEnqueueReadBuffer(queue, faults_.get(), CL_FALSE, 0, sizeof(fault_),
                                              &fault_, 0, nullptr, nullptr));
  }
  Fault wait_for_reports(cl_command_queue queue, std::ptrdiff_t& step) noexcept {
    if (const Fault fault = read_faults(queue); !fault.ok()) return fault;
    if (const Fault fault = fault_of(api().clFinish(queue)); !fault.ok()) return fault;
    return reported(step);
  }
  // Of a run that came to its end: what its kernels reported.
  Fault reported(std::ptrdiff_t& step) noexcept {
    stale_ = fault_.step != 0;
    if (!stale_) return ops::kNoFault;
    step = fault_.step - 1;
    return {static_cast<Status::Fault>(fault_.kind), fault_.a, fault_.b};
  }
  // From memory that a run which could not be waited for does not write: its report may yet come.
  cl_int clear_faults(cl_command_queue queue) noexcept {
    static constexpr FaultCell kNone;
    const cl_int code = api().clEnqueueWriteBuffer(queue, faults_.get(), CL_TRUE, 0, sizeof(kNone),
                                                   &kNone, 0, nullptr, nullptr);
    fault_ = {};
    return code;
  }

  static Fault fault_of(cl_int code) noexcept {
    return code == CL_SUCCESS ? ops::kNoFault : Fault{Status::Fault::kDevice, code, 0};
  }

  Fault move_inputs(cl_command_queue queue) noexcept {
    for (std::size_t i = 0; i < inputs_.size(); ++i)
      if (const Fault fault = write(queue, {inputs_[i].place.offset, inputs_[i].bytes, input(i)});
          !fault.ok())
        return fault;
    return ops::kNoFault;
  }
  Fault move_outputs(cl_command_queue queue) noexcept {
    for (std::size_t i = 0; i < outputs_.size(); ++i)
      if (const Fault fault =
              read(queue, {outputs_[i].place.offset, outputs_[i].bytes, output(i)}, false);
          !fault.ok())
        return fault;
    return ops::kNoFault;
  }

  Fault perform(cl_command_queue queue, const Action& action,
                std::vector<EventHandle>* events) noexcept {
    if (action.host) return run_host(queue, action);
    for (const Bound& bound : action.launches) {
      const Launch& launch = *bound.launch;
      if (launch.items[1] == 0 || launch.items[2] == 0) continue;
      cl_event event = nullptr;
      const cl_int code = put(queue, bound, events ? &event : nullptr);
      if (code != CL_SUCCESS) return fault_of(code);
      if (events) events->emplace_back(event);
    }
    return ops::kNoFault;
  }

  cl_int put(cl_command_queue queue, const Bound& bound, cl_event* event) const noexcept {
    static constexpr std::size_t kOne[] = {1, 1, 1};
    const Launch& launch = *bound.launch;
    const bool single = device_->is_single_item();
    return api().clEnqueueNDRangeKernel(queue, bound.kernel.get(), 3,
                                        single ? nullptr : launch.first.data(),
                                        single ? kOne : launch.items.data(),
                                        single ? kOne : launch.group.data(), 0, nullptr, event);
  }

  Fault run_host(cl_command_queue queue, const Action& action) noexcept {
    for (const Transfer& transfer : action.down)
      if (const Fault fault = read(queue, transfer, true); !fault.ok()) return fault;
    if (const Fault fault =
            action.host->run({action.in.data(), action.out.data(), action.scratch, pool_});
        !fault.ok())
      return fault;
    for (const Transfer& transfer : action.up)
      if (const Fault fault = write(queue, transfer); !fault.ok()) return fault;
    return ops::kNoFault;
  }

  Fault write(cl_command_queue queue, const Transfer& t) noexcept {
    if (t.bytes == 0) return ops::kNoFault;
    return fault_of(api().clEnqueueWriteBuffer(queue, arena_.get(), CL_FALSE, t.offset, t.bytes,
                                               t.host, 0, nullptr, nullptr));
  }
  Fault read(cl_command_queue queue, const Transfer& t, bool wait) noexcept {
    if (t.bytes == 0) return ops::kNoFault;
    return fault_of(api().clEnqueueReadBuffer(queue, arena_.get(), wait ? CL_TRUE : CL_FALSE,
                                              t.offset, t.bytes, t.host, 0, nullptr, nullptr));
  }

  static std::int64_t duration(cl_event event) {
    cl_ulong start = 0, end = 0;
    const auto ask = [&](cl_profiling_info what, cl_ulong& to) {
      require(api().clGetEventProfilingInfo(event, what, sizeof(to), &to, nullptr),
              "clGetEventProfilingInfo");
    };
    ask(CL_PROFILING_COMMAND_START, start);
    ask(CL_PROFILING_COMMAND_END, end);
    return static_cast<std::int64_t>(end - start);
  }

  std::shared_ptr<Device> device_;
  Pool& pool_;
  Queue queue_, profiled_;
  Buffer arena_;
  std::vector<ops::Recording::Port> inputs_, outputs_;
  std::vector<std::size_t> in_offsets_, out_offsets_;
  Staging staging_;
  FaultCell fault_;
  Buffer faults_;
  bool reports_ = false;  // some kernel may report a fault
  bool stale_ = false;    // the device's cell may hold a report of an earlier run
  std::vector<Action> actions_;
  Done done_;  // of the run that was started
  EventHandle end_;
};

}  // namespace

std::unique_ptr<ops::DeviceRun> make_run(std::shared_ptr<Device> device,
                                         const ops::Recording& recording, Pool& pool) {
  return std::make_unique<Run>(std::move(device), recording, pool);
}

std::unique_ptr<ops::DeviceRun> make_warm_run(std::shared_ptr<Device> device,
                                              const ops::Recording& recording, Pool& pool) {
  auto run = std::make_unique<Run>(std::move(device), recording, pool);
  run->warm_up();
  return run;
}

}  // namespace engine::opencl
