#include "graph/planner/plan.h"

#include "base/check.h"
#include "base/shape.h"
#include "base/text.h"
#include "graph/planner/arena.h"
#include "graph/planner/layouts.h"
#include "graph/planner/shapes.h"
#include "graph/planner/stretches.h"
#include "ops/reorder.h"

#include <cstring>

namespace engine::graph {
namespace {

// Copies a value to an output's own memory: where an output is an input, a constant, or a view.
class CopyKernel final : public ops::Kernel {
 public:
  explicit CopyKernel(std::size_t bytes) : bytes_(bytes) {}
  ops::Fault run(const ops::Call& call) const noexcept override {
    if (bytes_) std::memcpy(call.out[0], call.in[0], bytes_);
    return ops::kNoFault;
  }
  std::string name() const override { return "copy"; }

 private:
  std::size_t bytes_;
};

std::string node_label(const Graph& graph, std::size_t node) {
  if (node == Task::kCopy) return "copy to an output";
  if (node == Task::kReorder) return "reordering of a tensor";
  return graph.label(graph.nodes[node]);
}

// Memory that several values may share: a value, its views, and what overwrites it in place.
struct Buffer {
  std::size_t bytes = 0;
  int last_use = -1;    // step, or kForever
  bool piece = false;   // holds a piece of the batch at a time
  bool pinned = false;  // an input: nobody may overwrite it, it lives for ever
  bool placed = false;
  std::size_t offset = 0;
};
constexpr int kForever = 1 << 30;

class Planner {
 public:
  Planner(std::shared_ptr<const Program> program, Shapes shapes, int threads)
      : graph_(program->graph()), shapes_(std::move(shapes)), threads_(threads) {
    plan_ = std::make_shared<Plan>();
    plan_->program = std::move(program);
  }

  std::shared_ptr<const Plan> run(std::size_t max_bytes) {
    mark_live();
    lay_out();
    find_stretches();
    bind_all();
    assign_buffers();
    place_all(max_bytes);
    return plan_;
  }

 private:
  // Ids behind those of the graph are reordered copies.
  struct Draft {
    std::size_t node;
    std::vector<ValueId> inputs, outputs;
    unsigned sample_inputs = 0;        // of which the step reads a piece, if it is in a stretch
    const Stretch* stretch = nullptr;  // null: none
    // Of the whole batch, or of a piece of it and of the last, shorter piece. Null: a view.
    std::shared_ptr<const ops::Kernel> kernel = nullptr, last_kernel = nullptr;
  };

  static std::size_t at(ValueId id) { return static_cast<std::size_t>(id); }
  DType dtype(ValueId id) const {
    const bool copy = at(id) >= graph_.values.size();
    return copy ? DType::kFloat32 : graph_.value(id).type.dtype;
  }
  const ops::Layout& layout(ValueId id) const { return layouts_[at(id)]; }
  const Tensor& known(ValueId id) const { return shapes_.known[at(id)]; }
  const Shape& shape(ValueId id) const {
    return known(id).defined() ? known(id).shape() : *shapes_.shape[at(id)];
  }
  std::size_t bytes(ValueId id) const {
    if (layout(id).blocked) return ops::blocked_bytes(shape(id), layout(id));
    return static_cast<std::size_t>(byte_count(dtype(id), shape(id)));
  }

  void mark_live() {
    std::vector<bool> needed(graph_.values.size(), false);
    for (const ValueId id : graph_.outputs) needed[at(id)] = true;
    live_.assign(graph_.nodes.size(), false);
    for (std::size_t i = graph_.nodes.size(); i-- > 0;) {
      if (shapes_.folded[i]) continue;
      for (const ValueId id : graph_.nodes[i].outputs)
        live_[i] = live_[i] || (id != kNoValue && needed[at(id)]);
      if (live_[i])
        for (const ValueId id : graph_.nodes[i].inputs)
          if (id != kNoValue) needed[at(id)] = true;
    }
  }

  // Decides on layouts, and drafts the steps with the copies that they need.
  void lay_out() {
    layouts_.resize(graph_.values.size());
    std::vector<LayoutCandidate> candidates;
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      if (!live_[i]) continue;
      const Node& node = graph_.nodes[i];
      drafts_.push_back({i, node.inputs, node.outputs});
      candidates.push_back({&node, is_view(node) ? ops::LayoutOffer{} : offer(drafts_.back())});
    }
    const Layouts chosen = choose_layouts(graph_, candidates);
    layouts_ = chosen.value;
    const auto first_copy = static_cast<ValueId>(layouts_.size());
    for (const Layouts::Copy& copy : chosen.copies) {
      layouts_.push_back(copy.layout);
      shapes_.shape.push_back(shape(copy.source));
      shapes_.known.emplace_back();
    }
    buffer_of_.assign(layouts_.size(), -1);

    std::vector<Draft> steps;
    std::vector<bool> made(chosen.copies.size(), false);
    const auto copied = [&](ValueId id, int copy) {
      if (copy < 0) return id;
      const auto c = static_cast<std::size_t>(copy);
      if (!made[c]) steps.push_back({Task::kReorder, {id}, {first_copy + copy}});
      made[c] = true;
      return first_copy + copy;
    };
    for (std::size_t d = 0; d < drafts_.size(); ++d) {
      for (std::size_t k = 0; k < drafts_[d].inputs.size(); ++k)
        drafts_[d].inputs[k] = copied(drafts_[d].inputs[k], chosen.copy_of_input[d][k]);
      steps.push_back(std::move(drafts_[d]));
    }
    for (std::size_t i = 0; i < graph_.outputs.size(); ++i)
      outputs_.push_back(copied(graph_.outputs[i], chosen.copy_of_output[i]));
    drafts_ = std::move(steps);
  }

  bool draws_view(const Draft& draft) const {
    return draft.node != Task::kReorder && is_view(graph_.nodes[draft.node]);
  }

  // Inputs that a step reads sample by sample; none if it does not work so.
  unsigned sample_inputs(const Draft& draft) const {
    const ValueId first = draft.inputs.empty() ? kNoValue : draft.inputs[0];
    if (draft.node == Task::kReorder) return 1u;
    if (draws_view(draft)) {
      const Shape &x = shape(first), &y = shape(draft.outputs[0]);
      return !x.empty() && !y.empty() && x[0] == y[0] ? 1u : 0u;
    }
    const Operands operands(*this, draft);
    const unsigned found = graph_.nodes[draft.node].op->sample_inputs(operands.in, operands.out);
    for (std::size_t k = 0; k < draft.inputs.size(); ++k)
      if ((found >> k & 1u) && known(draft.inputs[k]).defined()) return 0;
    return found;
  }

  // Samples that share no cache line: an output may be overwritten to the end of its last one.
  static constexpr std::size_t kLine = 64;

  StepTraffic traffic(const Draft& draft) const {
    StepTraffic t;
    t.by_sample = draft.sample_inputs != 0;
    if (!t.by_sample) return t;
    t.samples = static_cast<std::size_t>(shape(draft.outputs[0])[0]);
    t.by_sample = t.samples > 1;
    if (!t.by_sample || draws_view(draft)) return t;
    const auto add_samples = [&](ValueId id) {
      t.sample += bytes(id) / t.samples;
      t.by_sample &= bytes(id) % (t.samples * kLine) == 0;
    };
    for (std::size_t k = 0; k < draft.inputs.size(); ++k) {
      const ValueId id = draft.inputs[k];
      if (id == kNoValue) continue;
      if (draft.sample_inputs >> k & 1u) add_samples(id);
      else t.shared += static_cast<std::size_t>(byte_count(dtype(id), type_shape(id)));
    }
    for (const ValueId id : draft.outputs)
      if (id != kNoValue) add_samples(id);
    return t;
  }

  void find_stretches() {
    const std::size_t near =
        plan_->program->backend().near_bytes() * static_cast<std::size_t>(threads_);
    if (near == 0) return;
    std::vector<StepTraffic> steps;
    for (Draft& draft : drafts_) {
      draft.sample_inputs = sample_inputs(draft);
      steps.push_back(traffic(draft));
    }
    stretches_ = choose_stretches(steps, near);
    for (const Stretch& stretch : stretches_)
      for (std::size_t s = stretch.first; s <= stretch.last; ++s) drafts_[s].stretch = &stretch;
  }

  void bind_all() {
    for (Draft& draft : drafts_) {
      if (draws_view(draft)) continue;
      const Stretch* stretch = draft.stretch;
      draft.kernel = bind(draft, stretch ? stretch->piece : 0);
      const std::size_t rest = stretch ? stretch->samples % stretch->piece : 0;
      draft.last_kernel = rest ? bind(draft, rest) : draft.kernel;
    }
  }

  // For this many samples; 0: for the whole batch.
  std::shared_ptr<const ops::Kernel> bind(const Draft& draft, std::size_t samples) const {
    const Operands operands(*this, draft, samples);
    if (draft.node == Task::kReorder) return ops::bind_reorder(operands.in[0], operands.out[0]);
    return plan_->program->backend().bind(binding(draft, operands));
  }

  // A view shares its input's memory; but only of a value that has memory in the arena.
  bool is_view(const Node& node) const {
    if (!node.op->is_view() || known(node.inputs[0]).defined()) return false;
    for (std::size_t k = 1; k < node.outputs.size(); ++k)
      if (node.outputs[k] != kNoValue) return false;
    return true;
  }

  ops::Input input(ValueId id) const {
    if (id == kNoValue) return {};
    if (known(id).defined()) return ops::view(known(id));
    return {dtype(id), released_shape(id), nullptr, layout(id)};
  }
  ops::Output output(ValueId id) const {
    if (id == kNoValue) return {};
    return {dtype(id), &shape(id), nullptr, layout(id)};
  }

  // What a binding points to, for some samples or (0) for the whole batch.
  struct Operands {
    std::vector<Shape> pieces;
    std::vector<ops::Input> in;
    std::vector<ops::Output> out;

    Operands(const Planner& planner, const Draft& draft, std::size_t samples = 0) {
      pieces.reserve(draft.inputs.size() + draft.outputs.size());
      const auto cut = [&](auto operand, bool by_sample) {
        if (samples == 0 || !by_sample || !operand) return operand;
        Shape& piece = pieces.emplace_back(operand.shape());
        piece[0] = static_cast<Index>(samples);
        operand.extents = &piece;
        return operand;
      };
      for (std::size_t k = 0; k < draft.inputs.size(); ++k)
        in.push_back(cut(planner.input(draft.inputs[k]), draft.sample_inputs >> k & 1u));
      for (const ValueId id : draft.outputs) out.push_back(cut(planner.output(id), true));
    }
  };
  ops::Binding binding(const Draft& draft, const Operands& operands) const {
    return {*graph_.nodes[draft.node].op, operands.in, operands.out,
            plan_->program->packed(draft.node)};
  }

  ops::LayoutOffer offer(const Draft& draft) const {
    const Operands operands(*this, draft);
    return plan_->program->backend().offer(binding(draft, operands));
  }

  // The shape of a constant whose elements were let go after packing.
  const Shape* released_shape(ValueId id) const {
    if (!shapes_.shape[at(id)]) shapes_.shape[at(id)] = *graph_.value(id).type.shape();
    return &*shapes_.shape[at(id)];
  }

  int new_buffer(std::size_t size, bool piece = false) {
    buffers_.push_back({.bytes = size, .piece = piece});
    return static_cast<int>(buffers_.size()) - 1;
  }
  // For a value that `draft` makes: a piece, if nobody outside of the stretch reads it.
  int new_buffer(ValueId id, const Draft& draft) {
    if (!stays_inside(id, draft)) return new_buffer(bytes(id));
    return new_buffer(bytes(id) / draft.stretch->samples * draft.stretch->piece, true);
  }
  bool stays_inside(ValueId id, const Draft& draft) const {
    return draft.stretch && last_use_[at(id)] <= static_cast<int>(draft.stretch->last);
  }
  Buffer& buffer(ValueId id) { return buffers_[static_cast<std::size_t>(buffer_of_[at(id)])]; }
  bool has_buffer(ValueId id) const { return id != kNoValue && buffer_of_[at(id)] >= 0; }

  // Who uses which memory until when. Views first extend the life of what they look at.
  void assign_buffers() {
    for (const ValueId id : graph_.inputs) {
      buffer_of_[at(id)] = new_buffer(bytes(id));
      buffer(id).pinned = true;
      buffer(id).last_use = kForever;
    }
    count_last_uses();
    for (std::size_t s = 0; s < drafts_.size(); ++s) {
      const Draft& node = drafts_[s];
      if (!drafts_[s].kernel) {
        buffer_of_[at(node.outputs[0])] = buffer_of_[at(node.inputs[0])];
        extend(node.outputs[0]);
        continue;
      }
      for (std::size_t k = 0; k < node.outputs.size(); ++k) {
        const ValueId id = node.outputs[k];
        if (id == kNoValue) continue;
        const int shared = k == 0 ? overwritable(s, node) : -1;
        buffer_of_[at(id)] = shared >= 0 ? shared : new_buffer(id, node);
        extend(id);
      }
    }
  }

  // The last step at which each value itself is read, views included.
  void count_last_uses() {
    last_use_.assign(layouts_.size(), -1);
    for (const ValueId id : outputs_) last_use_[at(id)] = kForever;
    for (std::size_t s = drafts_.size(); s-- > 0;) {
      const Draft& node = drafts_[s];
      const int use = static_cast<int>(s);
      for (const ValueId id : node.inputs)
        if (id != kNoValue) last_use_[at(id)] = std::max(last_use_[at(id)], use);
      if (!drafts_[s].kernel)  // a view's input lives as long as the view
        last_use_[at(node.inputs[0])] =
            std::max(last_use_[at(node.inputs[0])], last_use_[at(node.outputs[0])]);
    }
  }

  // What a stretch reads or writes beside its own pieces lives until its end, since the steps
  // before come again with the next piece.
  void extend(ValueId id) {
    Buffer& b = buffer(id);
    int last = last_use_[at(id)];
    if (!b.piece && last >= 0 && last < static_cast<int>(drafts_.size()))
      if (const Stretch* stretch = drafts_[static_cast<std::size_t>(last)].stretch)
        last = static_cast<int>(stretch->last);
    b.last_use = std::max(b.last_use, last);
  }

  // The buffer of an input that dies at this step and that the kernel may write over, or -1.
  int overwritable(std::size_t s, const Draft& node) {
    const bool piece = stays_inside(node.outputs[0], node);
    if (node.stretch && !piece) return -1;
    const std::size_t wanted =
        piece ? bytes(node.outputs[0]) / node.stretch->samples * node.stretch->piece
              : bytes(node.outputs[0]);
    for (std::size_t k = 0; k < node.inputs.size(); ++k) {
      const ValueId id = node.inputs[k];
      if (!has_buffer(id) || !drafts_[s].kernel->may_overwrite(static_cast<Index>(k))) continue;
      const Buffer& b = buffer(id);
      const bool twice = std::count(node.inputs.begin(), node.inputs.end(), id) > 1;
      if (b.pinned || twice || b.piece != piece || b.last_use != static_cast<int>(s) ||
          b.bytes != wanted || layout(id) != layout(node.outputs[0]))
        continue;
      bool other = false;  // another input that looks at the same memory
      for (std::size_t j = 0; j < node.inputs.size(); ++j)
        other |= j != k && has_buffer(node.inputs[j]) &&
                 buffer_of_[at(node.inputs[j])] == buffer_of_[at(id)];
      if (!other) return buffer_of_[at(id)];
    }
    return -1;
  }

  // Walks the steps once more, taking memory when a buffer is first written and giving it back
  // after its last use.
  void place_all(std::size_t max_bytes) {
    for (const ValueId id : graph_.inputs) place(id);
    for (std::size_t s = 0; s < drafts_.size(); ++s) {
      const Stretch* stretch = drafts_[s].stretch;
      const std::size_t last = stretch ? stretch->last : s;
      if (stretch) place_whole(*stretch);
      std::vector<Step> steps;
      std::vector<const Draft*> drafts;
      for (std::size_t i = s; i <= last; ++i) {
        if (!drafts_[i].kernel) continue;
        steps.push_back(place_step(drafts_[i]));
        drafts.push_back(&drafts_[i]);
        free_after(i, drafts_[i]);
        check_limit(max_bytes, drafts_[i]);
      }
      if (stretch) {
        add_pieces(*stretch, steps, drafts);
        for (std::size_t i = s; i <= last; ++i) free_after(last, drafts_[i]);
      } else {
        for (Step& step : steps) plan_->steps.push_back(std::move(step));
      }
      s = last;
    }
    for (const ValueId id : graph_.inputs) plan_->inputs.push_back(port(id));
    for (std::size_t i = 0; i < graph_.outputs.size(); ++i) add_output(i);
    plan_->arena_bytes = layout_.bytes();
    ENGINE_REQUIRE(plan_->arena_bytes <= max_bytes, ErrorCode::kResourceExhausted,
                   "the model needs ", plan_->arena_bytes, " bytes for these shapes, the limit is ",
                   max_bytes, " (use a smaller batch, or raise max_bytes, --memory)");
    for (Tensor& tensor : shapes_.known)
      if (tensor.defined()) plan_->owned.push_back(std::move(tensor));
  }

  // What outlives a piece is placed before the first: no step of the stretch may use its memory.
  void place_whole(const Stretch& stretch) {
    for (std::size_t i = stretch.first; i <= stretch.last; ++i)
      if (drafts_[i].kernel)
        for (const ValueId id : drafts_[i].outputs)
          if (id != kNoValue && !buffer(id).piece) place(id);
  }

  Step place_step(const Draft& draft) {
    Step step;
    step.task = plan_->tasks.size();
    step.kernel = draft.kernel;
    for (const ValueId id : draft.outputs)
      if (id != kNoValue) place(id);
    const std::size_t scratch =
        std::max(draft.kernel->scratch_bytes(threads_), draft.last_kernel->scratch_bytes(threads_));
    if (scratch) step.scratch = layout_.take(scratch);
    for (const ValueId id : draft.inputs) step.in.push_back(place_of(id));
    for (const ValueId id : draft.outputs) step.out.push_back(place_of(id));
    if (scratch) layout_.give_back(step.scratch, scratch);
    plan_->tasks.push_back(describe(draft));
    return step;
  }

  // The steps of a stretch, once for each piece; operands for the whole batch move on.
  void add_pieces(const Stretch& stretch, const std::vector<Step>& steps,
                  const std::vector<const Draft*>& drafts) {
    const auto move_on = [&](Place& place, ValueId id, std::size_t first) {
      if (place.kind == Place::Kind::kArena && !buffer(id).piece)
        place.offset += bytes(id) / stretch.samples * first;
    };
    for (std::size_t first = 0; first < stretch.samples; first += stretch.piece)
      for (std::size_t i = 0; i < steps.size(); ++i) {
        const Draft& draft = *drafts[i];
        Step step = steps[i];
        if (stretch.samples - first < stretch.piece) step.kernel = draft.last_kernel;
        for (std::size_t k = 0; k < step.in.size(); ++k)
          if (draft.sample_inputs >> k & 1u) move_on(step.in[k], draft.inputs[k], first);
        for (std::size_t k = 0; k < step.out.size(); ++k)
          if (draft.outputs[k] != kNoValue) move_on(step.out[k], draft.outputs[k], first);
        plan_->steps.push_back(std::move(step));
      }
  }

  std::string label(const Draft& draft) const {
    if (draft.node != Task::kReorder) return node_label(graph_, draft.node);
    return concat("a copy of tensor ", quote(graph_.value(draft.inputs[0]).name),
                  " in another layout");
  }

  void check_limit(std::size_t max_bytes, const Draft& node) const {
    ENGINE_REQUIRE(layout_.bytes() <= max_bytes, ErrorCode::kResourceExhausted, label(node),
                   " needs more than ", max_bytes, " bytes (the memory limit; at this node ",
                   layout_.bytes(),
                   " bytes are in use); use smaller inputs, or raise max_bytes (--memory)");
  }

  void place(ValueId id) {
    Buffer& b = buffer(id);
    if (b.placed) return;
    b.placed = true;
    b.offset = layout_.take(b.bytes);
  }

  Place place_of(ValueId id) {
    if (id == kNoValue) return {};
    if (known(id).defined()) return {Place::Kind::kConstant, 0, known(id).data()};
    if (!has_buffer(id)) return {};  // packed and let go
    return {Place::Kind::kArena, buffer(id).offset, nullptr};
  }

  void free_after(std::size_t s, const Draft& node) {
    const auto release = [&](ValueId id) {
      if (!has_buffer(id)) return;
      Buffer& b = buffer(id);
      if (!b.placed || b.last_use > static_cast<int>(s)) return;
      layout_.give_back(b.offset, b.bytes);
      b.bytes = 0;
      b.last_use = kForever;  // only once
    };
    for (const ValueId id : node.inputs) release(id);
    for (const ValueId id : node.outputs) release(id);
  }

  Task describe(const Draft& draft) const {
    Task task{draft.node, draft.kernel->name()};
    std::vector<TensorType> in, out;
    for (const ValueId id : draft.inputs) {
      if (id == kNoValue) in.emplace_back();
      else in.emplace_back(dtype(id), type_shape(id));
      if (id != kNoValue) task.bytes += byte_count(in.back().dtype, type_shape(id));
    }
    for (const ValueId id : draft.outputs) {
      if (id == kNoValue) out.emplace_back();
      else out.emplace_back(dtype(id), shape(id));
      if (id != kNoValue) task.bytes += static_cast<Index>(bytes(id));
    }
    if (draft.node != Task::kReorder) task.flops = graph_.nodes[draft.node].op->flops(in, out);
    return task;
  }

  const Shape& type_shape(ValueId id) const {
    if (known(id).defined()) return known(id).shape();
    return *released_shape(id);
  }

  Port port(ValueId id) { return {dtype(id), shape(id), place_of(id)}; }

  // An output has memory of its own: not that of an input, a constant, or an earlier output.
  void add_output(std::size_t i) {
    const ValueId id = outputs_[i];
    Port output = port(id);
    bool shared = output.place.kind != Place::Kind::kArena || buffer(id).pinned;
    for (const Port& earlier : plan_->outputs)
      shared |= earlier.place.offset == output.place.offset;
    if (shared) {
      const std::size_t size = bytes(id);
      Step step;
      step.task = plan_->tasks.size();
      step.kernel = std::make_shared<const CopyKernel>(size);
      step.in = {output.place};
      output.place = {Place::Kind::kArena, layout_.take(size), nullptr};
      step.out = {output.place};
      plan_->tasks.push_back({Task::kCopy, step.kernel->name(), 0, static_cast<Index>(2 * size)});
      plan_->steps.push_back(std::move(step));
    }
    plan_->outputs.push_back(std::move(output));
  }

  const Graph& graph_;
  mutable Shapes shapes_;
  int threads_;
  std::shared_ptr<Plan> plan_;
  std::vector<bool> live_;
  std::vector<Draft> drafts_;
  std::vector<Stretch> stretches_;
  std::vector<ops::Layout> layouts_;
  std::vector<ValueId> outputs_;
  std::vector<Buffer> buffers_;
  std::vector<int> buffer_of_, last_use_;
  ArenaLayout layout_;
};

}  // namespace

std::string Plan::label(std::size_t step) const {
  return node_label(program->graph(), tasks[steps[step].task].node);
}

std::shared_ptr<const Plan> make_plan(std::shared_ptr<const Program> program,
                                      std::span<const Shape> input_shapes, int threads,
                                      std::size_t max_bytes) {
  for (const Value& value : program->graph().values)  // strings have no place in an arena
    if (value.type.dtype == DType::kString) return nullptr;
  std::optional<Shapes> shapes = infer_shapes(*program, input_shapes);
  if (!shapes) return nullptr;
  return Planner(std::move(program), std::move(*shapes), threads).run(max_bytes);
}

}  // namespace engine::graph
