#include "tools/text/table.h"

#include <algorithm>

namespace engine::tools {
namespace {

bool continues(char c) noexcept { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

// Byte position of code point `n`.
std::size_t position_of(std::string_view text, std::size_t n) {
  std::size_t at = 0;
  for (; at < text.size(); ++at)
    if (!continues(text[at]) && n-- == 0) break;
  return at;
}

std::string printable(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  return text;
}

}  // namespace

std::size_t width_of(std::string_view text) noexcept {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return !continues(c); }));
}

std::string shortened(std::string_view text, std::size_t widest) {
  const std::size_t width = width_of(text);
  if (width <= widest || widest < 3) return std::string(text);
  const std::size_t head = (widest - 1) / 2, tail = widest - 1 - head;
  return std::string(text.substr(0, position_of(text, head))) + "\u2026" +
         std::string(text.substr(position_of(text, width - tail)));
}

void Table::add(std::vector<std::string> row) {
  row.resize(columns_.size());
  for (std::size_t i = 0; i < row.size(); ++i)
    row[i] = shortened(printable(std::move(row[i])), columns_[i].widest);
  rows_.push_back(std::move(row));
}

std::string Table::text(std::size_t indent) const {
  std::vector<std::string> titles;
  std::vector<std::size_t> widths;
  for (const Column& column : columns_) {
    titles.push_back(column.title);
    widths.push_back(width_of(column.title));
  }
  for (const auto& row : rows_)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  std::string text;
  const auto add_row = [&](const std::vector<std::string>& row) {
    std::string line(indent, ' ');
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string pad(widths[i] - width_of(row[i]), ' ');
      line += columns_[i].align == Align::kLeft ? row[i] + pad : pad + row[i];
      line += "  ";
    }
    line.resize(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  };
  add_row(titles);
  for (const auto& row : rows_) add_row(row);
  return text;
}

}  // namespace engine::tools
