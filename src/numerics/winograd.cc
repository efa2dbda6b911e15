#include "numerics/winograd.h"

#include <cmath>

namespace engine::numerics {
namespace {

#define FN inline
#define F float
#define K(c) (c)
#define FMA(a, b, c) std::fma(a, b, c)
#define MUL(a, b) ((a) * (b))
#define ADD(a, b) ((a) + (b))
#define SUB(a, b) ((a) - (b))
#include "numerics/winograd.inc"
#undef FN
#undef F
#undef K
#undef FMA
#undef MUL
#undef ADD
#undef SUB

// Rows of G for a finite point p of F(4,3): (1, p, p^2) / N with N the product of its distances
// from the other finite points.
struct FilterMatrix {
  double rows[6][3];
};

constexpr FilterMatrix filter_matrix4() {
  constexpr double points[5] = {0, 0.75, -0.75, 1.5, -1.5};
  FilterMatrix g{};
  for (int i = 0; i < 5; ++i) {
    double product = 1;
    for (int k = 0; k < 5; ++k)
      if (k != i) product *= points[i] - points[k];
    g.rows[i][0] = 1 / product;
    g.rows[i][1] = points[i] / product;
    g.rows[i][2] = points[i] * points[i] / product;
  }
  g.rows[5][2] = 1;
  return g;
}

constexpr FilterMatrix kFilter4 = filter_matrix4();
constexpr FilterMatrix kFilter2 = {{{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}}};

// Columns first, then rows; `from` steps of the input and of the output.
template <class Transform>
void transform(const float* x, Index from, Index to, const Transform& line, float* y) noexcept {
  float columns[6][6], in[6], out[6];
  for (Index j = 0; j < from; ++j) {
    for (Index i = 0; i < from; ++i) in[i] = x[i * from + j];
    line(in, out);
    for (Index i = 0; i < to; ++i) columns[i][j] = out[i];
  }
  for (Index i = 0; i < to; ++i) {
    line(columns[i], out);
    for (Index j = 0; j < to; ++j) y[i * to + j] = out[j];
  }
}

}  // namespace

void winograd_filter(Index tile, const float* g, float* u) noexcept {
  const FilterMatrix& m = tile == 4 ? kFilter4 : kFilter2;
  const Index window = winograd_window(tile);
  const auto line = [](const double* row, double x, double y, double z) {
    return row[0] * x + row[1] * y + row[2] * z;
  };
  for (Index i = 0; i < window; ++i) {
    double columns[3];
    for (Index b = 0; b < 3; ++b)
      columns[b] = line(m.rows[i], static_cast<double>(g[b]), static_cast<double>(g[3 + b]),
                        static_cast<double>(g[6 + b]));
    for (Index j = 0; j < window; ++j)
      u[i * window + j] = static_cast<float>(line(m.rows[j], columns[0], columns[1], columns[2]));
  }
}

void winograd_input(Index tile, const float* d, float* v) noexcept {
  if (tile == 4) transform(d, 6, 6, p_winograd4_input, v);
  else transform(d, 4, 4, p_winograd2_input, v);
}

void winograd_output(Index tile, const float* m, float* y) noexcept {
  if (tile == 4) transform(m, 6, 4, p_winograd4_output, y);
  else transform(m, 4, 2, p_winograd2_output, y);
}

}  // namespace engine::numerics
