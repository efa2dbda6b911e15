// NonMaxSuppression: of each batch and class the boxes with the best scores that overlap no better
// one too much, as int64 rows (batch, class, box).
//
//   boxes [batch, n, 4], scores [batch, classes, n], max_output_boxes_per_class (absent: 0),
//   iou_threshold (absent: 0), score_threshold (absent: none)
//
// Best score first, equal ones by position, NaN last. Overlap is intersection over union, in float.
// Meaning: ONNX NonMaxSuppression, opset 11.
#include "ops/attributes.h"
#include "ops/moving.h"

namespace engine::ops {
namespace {

struct Box {
  float x0, y0, x1, y1;

  float area() const noexcept { return (x1 - x0) * (y1 - y0); }
};

// From two corners (y, x, y, x) in any order, or from centre and size (x, y, width, height).
Box box_of(const float* b, bool center) noexcept {
  if (center) {
    const float half_width = b[2] / 2, half_height = b[3] / 2;
    return {b[0] - half_width, b[1] - half_height, b[0] + half_width, b[1] + half_height};
  }
  return {std::min(b[1], b[3]), std::min(b[0], b[2]), std::max(b[1], b[3]), std::max(b[0], b[2])};
}

bool overlap(const Box& a, const Box& b, float threshold) noexcept {
  const float x0 = std::max(a.x0, b.x0), x1 = std::min(a.x1, b.x1);
  const float y0 = std::max(a.y0, b.y0), y1 = std::min(a.y1, b.y1);
  if (x1 <= x0 || y1 <= y0) return false;
  const float common = (x1 - x0) * (y1 - y0);
  const float both = a.area() + b.area() - common;
  if (common <= 0 || a.area() <= 0 || b.area() <= 0 || both <= 0) return false;
  return common / both > threshold;
}

bool is_float32(DType t) { return t == DType::kFloat32; }

struct NonMaxSuppression final : DynamicOperator {
  bool center = false;

  std::string_view name() const noexcept override { return "NonMaxSuppression"; }

  std::vector<TensorType> infer(const Operands& in, Index) const override {
    require_type(in, 0, "boxes", is_float32, "float32");
    require_type(in, 1, "scores", is_float32, "float32");
    require_rank(in, 0, "boxes", 3);
    require_rank(in, 1, "scores", 3);
    if (in.has(2))
      require_type(
          in, 2, "max_output_boxes_per_class", [](DType t) { return t == DType::kInt64; }, "int64");
    if (in.has(3)) require_type(in, 3, "iou_threshold", is_float32, "float32");
    if (in.has(4)) require_type(in, 4, "score_threshold", is_float32, "float32");
    const auto boxes = in.type(0).shape(), scores = in.type(1).shape();
    if (boxes)
      ENGINE_VALIDATE((*boxes)[2] == 4, "boxes is ", to_string(*boxes), ", [.., 4] needed");
    if (boxes && scores)
      ENGINE_VALIDATE((*boxes)[0] == (*scores)[0] && (*boxes)[1] == (*scores)[2], "boxes is ",
                      to_string(*boxes), ", scores is ", to_string(*scores),
                      " (batch and number of boxes must agree)");
    return {{DType::kInt64, Dims{Dim::unknown(), Dim(3)}}};
  }

  std::vector<Tensor> run_dynamic(std::span<const Tensor> in,
                                  std::size_t max_bytes) const override {
    const Tensor &boxes = in[0], &scores = in[1];
    const Index batches = scores.shape()[0], classes = scores.shape()[1], n = scores.shape()[2];
    ENGINE_REQUIRE(boxes.shape()[0] == batches && boxes.shape()[1] == n && boxes.shape()[2] == 4,
                   ErrorCode::kRunFailed, "boxes is ", to_string(boxes.shape()), ", scores is ",
                   to_string(scores.shape()));
    const Rules rules = rules_of(in);
    std::vector<Index> rows;
    std::vector<Index> order;
    std::vector<Box> kept;
    for (Index batch = 0; batch < batches && rules.most > 0; ++batch)
      for (Index c = 0; c < classes; ++c) {
        const float* score = scores.values<float>().data() + (batch * classes + c) * n;
        rank_boxes(score, n, rules, order);
        kept.clear();
        for (const Index i : order) {
          if (static_cast<Index>(kept.size()) >= rules.most) break;
          const Box box = box_of(boxes.values<float>().data() + (batch * n + i) * 4, center);
          const auto hides = [&](const Box& better) { return overlap(box, better, rules.iou); };
          if (std::ranges::any_of(kept, hides)) continue;
          kept.push_back(box);
          rows.insert(rows.end(), {batch, c, i});
        }
        ENGINE_REQUIRE(rows.size() * sizeof(Index) <= max_bytes, ErrorCode::kResourceExhausted,
                       "the selected boxes take more than ", max_bytes, " bytes");
      }
    Tensor selected =
        make_output(DType::kInt64, {static_cast<Index>(rows.size()) / 3, 3}, max_bytes);
    std::ranges::copy(rows, selected.mutable_values<std::int64_t>().begin());
    return {std::move(selected)};
  }

 private:
  struct Rules {
    Index most = 0;
    float iou = 0;
    std::optional<float> score;
  };

  static Rules rules_of(std::span<const Tensor> in) {
    const auto has = [&](std::size_t i) {
      return i < in.size() && in[i].defined() && in[i].size() > 0;
    };
    Rules rules;
    if (has(2)) rules.most = in[2].values<std::int64_t>()[0];
    if (has(3)) rules.iou = in[3].values<float>()[0];
    if (has(4)) rules.score = in[4].values<float>()[0];
    return rules;
  }

  // The boxes above the score threshold, best first.
  static void rank_boxes(const float* score, Index n, const Rules& rules,
                         std::vector<Index>& order) {
    order.clear();
    for (Index i = 0; i < n; ++i)
      if (!rules.score || score[i] > *rules.score) order.push_back(i);
    std::ranges::sort(order, [score](Index a, Index b) {
      const float x = score[a], y = score[b];
      if (x > y || (y != y && x == x)) return true;
      if (y > x || (x != x && y == y)) return false;
      return a < b;
    });
  }
};

}  // namespace

OperatorPtr make_NonMaxSuppression(const Attributes& attributes) {
  auto op = std::make_shared<NonMaxSuppression>();
  const Index center = attributes.integer("center_point_box", 0);
  ENGINE_VALIDATE(center == 0 || center == 1, "center_point_box is ", center, " (must be 0 or 1)");
  op->center = center == 1;
  return op;
}

}  // namespace engine::ops
