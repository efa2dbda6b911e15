#include "graph/planner/plan.h"

#include "base/check.h"
#include "base/shape.h"
#include "base/text.h"
#include "graph/planner/arena.h"
#include "graph/planner/layouts.h"
#include "graph/planner/shapes.h"
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
  if (node == Step::kCopy) return "copy to an output";
  if (node == Step::kReorder) return "reordering of a tensor";
  return graph.label(graph.nodes[node]);
}

// Memory that several values may share: a value, its views, and what overwrites it in place.
struct Buffer {
  std::size_t bytes = 0;
  int last_use = -1;    // step, or kForever
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
    std::unique_ptr<const ops::Kernel> kernel = nullptr;  // null: a view
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
      if (!made[c]) steps.push_back({Step::kReorder, {id}, {first_copy + copy}});
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

  void bind_all() {
    for (Draft& draft : drafts_) {
      if (draft.node == Step::kReorder) {
        draft.kernel = ops::bind_reorder(input(draft.inputs[0]), output(draft.outputs[0]));
      } else if (!is_view(graph_.nodes[draft.node])) {
        const Operands operands(*this, draft);
        draft.kernel = plan_->program->backend().bind(operands.binding);
      }
    }
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

  // A binding and what it points to.
  struct Operands {
    std::vector<ops::Input> in;
    std::vector<ops::Output> out;
    ops::Binding binding;

    Operands(const Planner& planner, const Draft& draft)
        : in(planner.gather<ops::Input>(draft.inputs, &Planner::input)),
          out(planner.gather<ops::Output>(draft.outputs, &Planner::output)),
          binding{*planner.graph_.nodes[draft.node].op, in, out,
                  planner.plan_->program->packed(draft.node)} {}
  };
  template <class T>
  std::vector<T> gather(const std::vector<ValueId>& ids, T (Planner::*make)(ValueId) const) const {
    std::vector<T> list;
    for (const ValueId id : ids) list.push_back((this->*make)(id));
    return list;
  }

  ops::LayoutOffer offer(const Draft& draft) const {
    const Operands operands(*this, draft);
    return plan_->program->backend().offer(operands.binding);
  }

  // The shape of a constant whose elements were let go after packing.
  const Shape* released_shape(ValueId id) const {
    if (!shapes_.shape[at(id)]) shapes_.shape[at(id)] = *graph_.value(id).type.shape();
    return &*shapes_.shape[at(id)];
  }

  int new_buffer(std::size_t size) {
    buffers_.push_back({.bytes = size});
    return static_cast<int>(buffers_.size()) - 1;
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
        buffer_of_[at(id)] = shared >= 0 ? shared : new_buffer(bytes(id));
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

  void extend(ValueId id) {
    Buffer& b = buffer(id);
    b.last_use = std::max(b.last_use, last_use_[at(id)]);
  }

  // The buffer of an input that dies at this step and that the kernel may write over, or -1.
  int overwritable(std::size_t s, const Draft& node) {
    const std::size_t wanted = bytes(node.outputs[0]);
    for (std::size_t k = 0; k < node.inputs.size(); ++k) {
      const ValueId id = node.inputs[k];
      if (!has_buffer(id) || !drafts_[s].kernel->may_overwrite(static_cast<Index>(k))) continue;
      const Buffer& b = buffer(id);
      const bool twice = std::count(node.inputs.begin(), node.inputs.end(), id) > 1;
      if (b.pinned || twice || b.last_use != static_cast<int>(s) || b.bytes != wanted ||
          layout(id) != layout(node.outputs[0]))
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
      if (!drafts_[s].kernel) continue;
      const Draft& node = drafts_[s];
      Step step;
      step.node = drafts_[s].node;
      for (const ValueId id : node.outputs)
        if (id != kNoValue) place(id);
      const std::size_t scratch = drafts_[s].kernel->scratch_bytes(threads_);
      if (scratch) step.scratch = layout_.take(scratch);
      for (const ValueId id : node.inputs) step.in.push_back(place_of(id));
      for (const ValueId id : node.outputs) step.out.push_back(place_of(id));
      describe(step, node);
      step.kernel = std::move(drafts_[s].kernel);
      if (scratch) layout_.give_back(step.scratch, scratch);
      plan_->steps.push_back(std::move(step));
      free_after(s, node);
      check_limit(max_bytes, node);
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

  std::string label(const Draft& draft) const {
    if (draft.node != Step::kReorder) return node_label(graph_, draft.node);
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

  void describe(Step& step, const Draft& node) const {
    std::vector<TensorType> in, out;
    for (const ValueId id : node.inputs) {
      if (id == kNoValue) in.emplace_back();
      else in.emplace_back(dtype(id), type_shape(id));
      if (id != kNoValue) step.bytes += byte_count(in.back().dtype, type_shape(id));
    }
    for (const ValueId id : node.outputs) {
      if (id == kNoValue) out.emplace_back();
      else out.emplace_back(dtype(id), shape(id));
      if (id != kNoValue) step.bytes += static_cast<Index>(bytes(id));
    }
    if (node.node != Step::kReorder) step.flops = graph_.nodes[node.node].op->flops(in, out);
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
      step.node = Step::kCopy;
      step.kernel = std::make_unique<CopyKernel>(size);
      step.in = {output.place};
      output.place = {Place::Kind::kArena, layout_.take(size), nullptr};
      step.out = {output.place};
      step.bytes = static_cast<Index>(2 * size);
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
  std::vector<ops::Layout> layouts_;
  std::vector<ValueId> outputs_;
  std::vector<Buffer> buffers_;
  std::vector<int> buffer_of_, last_use_;
  ArenaLayout layout_;
};

}  // namespace

std::string Plan::label(std::size_t step) const {
  return node_label(program->graph(), steps[step].node);
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
