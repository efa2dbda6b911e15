#include "graph/planner/plan.h"

#include "base/check.h"
#include "base/shape.h"
#include "base/text.h"
#include "graph/planner/arena.h"
#include "graph/planner/drafts.h"

namespace engine::graph {
namespace {

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

// Lays out the memory of drafted steps.
class Planner {
 public:
  Planner(std::shared_ptr<const Program> program, Drafts drafts, int threads)
      : graph_(program->graph()),
        values_(std::move(drafts.values)),
        drafts_(std::move(drafts.steps)),
        stretches_(std::move(drafts.stretches)),
        outputs_(std::move(drafts.outputs)),
        threads_(threads) {
    layout_ = ArenaLayout(program->backend().alignment());
    plan_ = std::make_shared<Plan>();
    plan_->program = std::move(program);
  }

  std::shared_ptr<const Plan> run(std::size_t max_bytes) {
    assign_buffers();
    place_all(max_bytes);
    return plan_;
  }

 private:
  static std::size_t at(ValueId id) { return static_cast<std::size_t>(id); }

  int new_buffer(std::size_t size, bool piece = false) {
    buffers_.push_back({.bytes = size, .piece = piece});
    return static_cast<int>(buffers_.size()) - 1;
  }
  // For a value that `draft` makes: a piece, if nobody outside of the stretch reads it.
  int new_buffer(ValueId id, const Draft& draft) {
    if (!stays_inside(id, draft)) return new_buffer(values_.bytes(id));
    return new_buffer(values_.bytes(id) / draft.stretch->samples * draft.stretch->piece, true);
  }
  bool stays_inside(ValueId id, const Draft& draft) const {
    return draft.stretch && last_use_[at(id)] <= static_cast<int>(draft.stretch->last);
  }
  Buffer& buffer(ValueId id) { return buffers_[static_cast<std::size_t>(buffer_of_[at(id)])]; }
  bool has_buffer(ValueId id) const { return id != kNoValue && buffer_of_[at(id)] >= 0; }

  // Who uses which memory until when. Views first extend the life of what they look at.
  void assign_buffers() {
    buffer_of_.assign(values_.size(), -1);
    for (const ValueId id : graph_.inputs) {
      buffer_of_[at(id)] = new_buffer(values_.bytes(id));
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
    last_use_.assign(values_.size(), -1);
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
        piece ? values_.bytes(node.outputs[0]) / node.stretch->samples * node.stretch->piece
              : values_.bytes(node.outputs[0]);
    for (std::size_t k = 0; k < node.inputs.size(); ++k) {
      const ValueId id = node.inputs[k];
      const auto input = static_cast<Index>(k);
      if (!has_buffer(id) || !node.kernel->may_overwrite(input) ||
          !node.last_kernel->may_overwrite(input))
        continue;
      const Buffer& b = buffer(id);
      const bool twice = std::count(node.inputs.begin(), node.inputs.end(), id) > 1;
      if (b.pinned || twice || b.piece != piece || b.last_use != static_cast<int>(s) ||
          b.bytes != wanted || values_.layout(id) != values_.layout(node.outputs[0]))
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
    plan_->owned = values_.take_known();
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
        place.offset += values_.bytes(id) / stretch.samples * first;
    };
    for (std::size_t first = 0; first < stretch.samples; first += stretch.piece)
      for (std::size_t i = 0; i < steps.size(); ++i) {
        const Draft& draft = *drafts[i];
        Step step = steps[i];
        if (stretch.samples - first < stretch.piece) step.kernel = draft.last_kernel;
        for (std::size_t k = 0; k < step.in.size(); ++k)
          if (ops::has_input(draft.sample_inputs, k)) move_on(step.in[k], draft.inputs[k], first);
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
    if (values_.known(id).defined()) return {Place::Kind::kConstant, 0, values_.known(id).data()};
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
      else in.emplace_back(values_.dtype(id), values_.shape(id));
      if (id != kNoValue) task.bytes += byte_count(in.back().dtype, values_.shape(id));
    }
    for (const ValueId id : draft.outputs) {
      if (id == kNoValue) out.emplace_back();
      else out.emplace_back(values_.dtype(id), values_.shape(id));
      if (id != kNoValue) task.bytes += static_cast<Index>(values_.bytes(id));
    }
    if (draft.node != Task::kReorder) task.flops = graph_.nodes[draft.node].op->flops(in, out);
    return task;
  }

  Port port(ValueId id) { return {values_.dtype(id), values_.shape(id), place_of(id)}; }

  // An output has memory of its own: not that of an input, a constant, or an earlier output.
  void add_output(std::size_t i) {
    const ValueId id = outputs_[i];
    Port output = port(id);
    bool shared = output.place.kind != Place::Kind::kArena || buffer(id).pinned;
    for (const Port& earlier : plan_->outputs)
      shared |= earlier.place.offset == output.place.offset;
    if (shared) {
      const std::size_t size = values_.bytes(id);
      Step step;
      step.task = plan_->tasks.size();
      // An input, a constant or a view becomes an output.
      step.kernel = plan_->program->backend().bind_copy(size);
      step.in = {output.place};
      output.place = {Place::Kind::kArena, layout_.take(size), nullptr};
      step.out = {output.place};
      plan_->tasks.push_back({Task::kCopy, step.kernel->name(), 0, static_cast<Index>(2 * size)});
      plan_->steps.push_back(std::move(step));
    }
    plan_->outputs.push_back(std::move(output));
  }

  const Graph& graph_;
  PlannedValues values_;
  std::vector<Draft> drafts_;
  std::vector<Stretch> stretches_;  // that drafts point to
  std::vector<ValueId> outputs_;
  int threads_;
  std::shared_ptr<Plan> plan_;
  std::vector<Buffer> buffers_;
  std::vector<int> buffer_of_, last_use_;
  ArenaLayout layout_;
};

}  // namespace

std::string Plan::label(std::size_t step) const {
  return step < steps.size() ? node_label(program->graph(), tasks[steps[step].task].node)
                             : "the run";
}

std::shared_ptr<const Plan> make_plan(std::shared_ptr<const Program> program,
                                      std::span<const Shape> input_shapes, int threads,
                                      std::size_t max_bytes, const ops::TuningTable* tuning) {
  for (const Value& value : program->graph().values)  // strings have no place in an arena
    if (value.type.dtype == DType::kString) return nullptr;
  std::optional<Shapes> shapes = infer_shapes(*program, input_shapes);
  if (!shapes) return nullptr;
  const auto plan = [&](bool in_pieces) {
    Drafts drafts = draft_steps(*program, *shapes, threads, tuning, in_pieces);
    return Planner(program, std::move(drafts), threads).run(max_bytes);
  };
  try {
    return plan(true);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kResourceExhausted) throw;
    return plan(false);  // what a stretch passes on cannot be written over in place
  }
}

}  // namespace engine::graph
