#include "graph/planner/drafts.h"

#include "graph/planner/layouts.h"
#include "graph/planner/plan.h"

namespace engine::graph {
namespace {

class Drafter {
 public:
  Drafter(const Program& program, Shapes shapes, int threads, const ops::TuningTable* tuning)
      : program_(program),
        graph_(program.graph()),
        threads_(threads),
        tuning_(tuning),
        values_(program.graph(), std::move(shapes)) {}

  Drafts run(bool in_pieces) {
    mark_live();
    lay_out();
    if (in_pieces) find_stretches();
    bind_all();
    return {std::move(values_), std::move(steps_), std::move(outputs_), std::move(stretches_)};
  }

 private:
  static std::size_t at(ValueId id) { return static_cast<std::size_t>(id); }

  void mark_live() {
    std::vector<bool> needed(graph_.values.size(), false);
    for (const ValueId id : graph_.outputs) needed[at(id)] = true;
    live_.assign(graph_.nodes.size(), false);
    for (std::size_t i = graph_.nodes.size(); i-- > 0;) {
      if (values_.folded(i)) continue;
      for (const ValueId id : graph_.nodes[i].outputs)
        live_[i] = live_[i] || (id != kNoValue && needed[at(id)]);
      if (live_[i])
        for (const ValueId id : graph_.nodes[i].inputs)
          if (id != kNoValue) needed[at(id)] = true;
    }
  }

  // Decides on layouts, and drafts the steps with the copies that they need.
  void lay_out() {
    std::vector<Draft> drafts;
    std::vector<LayoutCandidate> candidates;
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      if (!live_[i]) continue;
      const Node& node = graph_.nodes[i];
      drafts.push_back({i, node.inputs, node.outputs});
      candidates.push_back({&node, is_view(node) ? ops::LayoutOffer{} : offer(drafts.back())});
    }
    const Layouts chosen = choose_layouts(graph_, candidates);
    values_.set_layouts(chosen.value);
    std::vector<ValueId> copies;
    for (const Layouts::Copy& copy : chosen.copies)
      copies.push_back(values_.add_copy(copy.source, copy.layout));

    std::vector<bool> made(copies.size(), false);
    const auto copied = [&](ValueId id, int copy) {
      if (copy < 0) return id;
      const auto c = static_cast<std::size_t>(copy);
      if (!made[c]) steps_.push_back({Task::kReorder, {id}, {copies[c]}});
      made[c] = true;
      return copies[c];
    };
    for (std::size_t d = 0; d < drafts.size(); ++d) {
      for (std::size_t k = 0; k < drafts[d].inputs.size(); ++k)
        drafts[d].inputs[k] = copied(drafts[d].inputs[k], chosen.copy_of_input[d][k]);
      steps_.push_back(std::move(drafts[d]));
    }
    for (std::size_t i = 0; i < graph_.outputs.size(); ++i)
      outputs_.push_back(copied(graph_.outputs[i], chosen.copy_of_output[i]));
  }

  bool draws_view(const Draft& draft) const {
    return draft.node != Task::kReorder && is_view(graph_.nodes[draft.node]);
  }

  // Inputs that a step reads sample by sample; none if it does not work so.
  unsigned sample_inputs(const Draft& draft) const {
    if (draft.outputs[0] == kNoValue) return 0;
    unsigned found = 1;
    if (draws_view(draft)) {
      const Shape &x = values_.shape(draft.inputs[0]), &y = values_.shape(draft.outputs[0]);
      found = !x.empty() && !y.empty() && x[0] == y[0] ? 1u : 0u;
    } else if (draft.node != Task::kReorder) {
      const Operands operands(*this, draft);
      found = graph_.nodes[draft.node].op->sample_inputs(operands.in, operands.out);
    }
    for (std::size_t k = 0; k < draft.inputs.size(); ++k)
      if (ops::has_input(found, k) && values_.known(draft.inputs[k]).defined()) return 0;
    return found;
  }

  // Samples that share no cache line: an output may be overwritten to the end of its last one.
  static constexpr std::size_t kLine = 64;

  StepTraffic traffic(const Draft& draft) const {
    StepTraffic t;
    t.by_sample = draft.sample_inputs != 0;
    if (!t.by_sample) return t;
    t.samples = static_cast<std::size_t>(values_.shape(draft.outputs[0])[0]);
    t.by_sample = t.samples > 1;
    t.is_view = draws_view(draft);
    if (!t.by_sample || t.is_view) return t;
    const auto add_samples = [&](ValueId id) {
      t.sample += values_.bytes(id) / t.samples;
      t.by_sample &= values_.bytes(id) % (t.samples * kLine) == 0;
    };
    for (std::size_t k = 0; k < draft.inputs.size(); ++k) {
      const ValueId id = draft.inputs[k];
      if (id == kNoValue) continue;
      if (ops::has_input(draft.sample_inputs, k)) add_samples(id);
      else t.shared += static_cast<std::size_t>(byte_count(values_.dtype(id), values_.shape(id)));
    }
    for (const ValueId id : draft.outputs)
      if (id != kNoValue) add_samples(id);
    return t;
  }

  void find_stretches() {
    const std::size_t near = program_.backend().near_bytes() * static_cast<std::size_t>(threads_);
    if (near == 0) return;
    std::vector<StepTraffic> traffics;
    std::vector<std::ptrdiff_t> made_at(values_.size(), -1);
    for (Draft& draft : steps_) {
      draft.sample_inputs = sample_inputs(draft);
      traffics.push_back(traffic(draft));
      for (std::size_t k = 0; k < draft.inputs.size(); ++k)
        if (draft.inputs[k] != kNoValue && !ops::has_input(draft.sample_inputs, k))
          traffics.back().whole = std::max(traffics.back().whole, made_at[at(draft.inputs[k])]);
      for (const ValueId id : draft.outputs)
        if (id != kNoValue) made_at[at(id)] = std::ssize(traffics) - 1;
    }
    stretches_ = choose_stretches(traffics, near);
    for (const Stretch& stretch : stretches_)
      for (std::size_t s = stretch.first; s <= stretch.last; ++s) steps_[s].stretch = &stretch;
  }

  void bind_all() {
    for (Draft& draft : steps_) {
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
    const ops::Backend& backend = program_.backend();
    if (draft.node == Task::kReorder) return backend.bind_reorder(operands.in[0], operands.out[0]);
    return backend.bind(binding(draft, operands));
  }

  // A view shares its input's memory; but only of a value that has memory in the arena.
  bool is_view(const Node& node) const {
    if (!node.op->is_view() || values_.known(node.inputs[0]).defined()) return false;
    for (std::size_t k = 1; k < node.outputs.size(); ++k)
      if (node.outputs[k] != kNoValue) return false;
    return true;
  }

  ops::Input input(ValueId id) const {
    if (id == kNoValue) return {};
    if (values_.known(id).defined()) return ops::view(values_.known(id));
    return {values_.dtype(id), &values_.shape(id), nullptr, values_.layout(id)};
  }
  ops::Output output(ValueId id) const {
    if (id == kNoValue) return {};
    return {values_.dtype(id), &values_.shape(id), nullptr, values_.layout(id)};
  }

  // What a binding points to, for some samples or (0) for the whole batch.
  struct Operands {
    std::vector<Shape> pieces;
    std::vector<ops::Input> in;
    std::vector<ops::Output> out;

    Operands(const Drafter& drafter, const Draft& draft, std::size_t samples = 0) {
      pieces.reserve(draft.inputs.size() + draft.outputs.size());
      const auto cut = [&](auto operand, bool by_sample) {
        if (samples == 0 || !by_sample || !operand) return operand;
        Shape& piece = pieces.emplace_back(operand.shape());
        piece[0] = static_cast<Index>(samples);
        operand.extents = &piece;
        return operand;
      };
      for (std::size_t k = 0; k < draft.inputs.size(); ++k)
        in.push_back(cut(drafter.input(draft.inputs[k]), ops::has_input(draft.sample_inputs, k)));
      for (const ValueId id : draft.outputs) out.push_back(cut(drafter.output(id), true));
    }
  };
  ops::Binding binding(const Draft& draft, const Operands& operands) const {
    return {*graph_.nodes[draft.node].op, operands.in, operands.out,
            program_.packed(draft.node),  threads_,    tuning_};
  }

  ops::LayoutOffer offer(const Draft& draft) const {
    const Operands operands(*this, draft);
    return program_.backend().offer(binding(draft, operands));
  }

  const Program& program_;
  const Graph& graph_;
  int threads_;
  const ops::TuningTable* tuning_;
  PlannedValues values_;
  std::vector<bool> live_;
  std::vector<Draft> steps_;
  std::vector<ValueId> outputs_;
  std::vector<Stretch> stretches_;
};

}  // namespace

Drafts draft_steps(const Program& program, Shapes shapes, int threads,
                   const ops::TuningTable* tuning, bool in_pieces) {
  return Drafter(program, std::move(shapes), threads, tuning).run(in_pieces);
}

}  // namespace engine::graph
