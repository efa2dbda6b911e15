// Kinds of operators, for colours and legends.
#pragma once

#include <array>
#include <string_view>

namespace engine::tools {

struct Family {
  const char* name;
  const char* fill;    ///< light: dark text stands on it
  const char* border;  ///< the same hue, darker
};

/// The first is that of operators which no other one lists. Fills differ in lightness as well as in
/// hue, for colour-blind readers and for print.
inline constexpr std::array<Family, 10> kFamilies = {{
    {"other", "#eceff1", "#78868f"},
    {"linear", "#b9d7f5", "#2a6db0"},
    {"activation", "#ffd9a0", "#b86e00"},
    {"normalisation", "#d9c8ef", "#6a3fb0"},
    {"pooling, reduction", "#b7e3cb", "#1d7f52"},
    {"arithmetic", "#fdf0a6", "#8f7a00"},
    {"layout", "#d6dce1", "#5b6871"},
    {"recurrent, attention", "#9cc9c9", "#166a6a"},
    {"quantisation, type", "#f3c6d8", "#ab3a6c"},
    {"control, trees", "#f2bfae", "#b0452a"},
}};

/// Family of an operator, by its internal or ONNX name.
const Family& family_of(std::string_view op);

}  // namespace engine::tools
