// Aligned tables for terminals.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace engine::tools {

/// Columns of at most the terminal's patience: cells are padded, the last column is not.
class Table {
 public:
  enum class Align { kLeft, kRight };
  struct Column {
    std::string title;
    Align align = Align::kLeft;
    std::size_t widest = 60;  ///< longer cells lose their middle
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  /// Missing cells are empty. Control characters become spaces.
  void add(std::vector<std::string> row);
  bool empty() const noexcept { return rows_.empty(); }

  /// Title row and rows, each with a newline; two spaces between columns and `indent` before.
  std::string text(std::size_t indent = 0) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

/// Width on a terminal, taken as the number of code points.
std::size_t width_of(std::string_view text) noexcept;

/// The text, or its beginning and end around an ellipsis if it is wider than `widest`.
std::string shortened(std::string_view text, std::size_t widest);

}  // namespace engine::tools
