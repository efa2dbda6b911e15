#include "tools/report/page.h"

#include "tools/text/markup.h"

#include <engine/version.h>

namespace engine::tools {
namespace {

constexpr const char* kStyle = R"(
:root{color-scheme:light dark;--paper:#fff;--ink:#1b1f24;--soft:#5b6871;--grid:#e8ebee;--line:#aeb6bd;
--good:#0b6b50;--bad:#b3261e;--badtint:#fdf1f0}
@media(prefers-color-scheme:dark){:root{--paper:#15181c;--ink:#e6e9ed;--soft:#9aa5af;--grid:#272d34;
--line:#596470;--good:#5fd0ac;--bad:#ff9b92;--badtint:#3a1f1e}}
body{font:15px/1.45 system-ui,sans-serif;color:var(--ink);background:var(--paper);margin:2rem auto;
max-width:75rem;padding:0 1rem}
h1{font-size:1.4rem}h2{font-size:1.1rem;margin:2.2rem 0 .4rem}
p.note{color:var(--soft);margin:.2rem 0 .8rem;max-width:60rem}
.summary{display:flex;flex-wrap:wrap;gap:.5rem 2rem;margin:1rem 0}
.summary div{color:var(--soft)}.summary b{display:block;font-size:1.3rem;color:var(--ink)}
table{border-collapse:collapse;width:100%}
th{position:sticky;top:0;background:var(--paper);border-bottom:2px solid var(--ink);text-align:left;
padding:.3rem .6rem}
td{border-bottom:1px solid var(--grid);padding:.25rem .6rem;vertical-align:middle;overflow-wrap:anywhere}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.good{color:var(--good)}.bad{color:var(--bad);font-weight:600}.soft{color:var(--soft)}
tr.bad td{background:var(--badtint);color:inherit;font-weight:inherit}
svg{display:block}
)";

}  // namespace

std::string begin_page(std::string_view title, std::string_view style) {
  const std::string text = escape_markup(title);
  return "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/>"
         "<meta name=\"viewport\" content=\"width=device-width\"/><title>" +
         text + "</title><style>" + kStyle + std::string(style) + "</style></head><body>\n<h1>" +
         text + "</h1>\n";
}

std::string end_page() {
  return std::string("<p class=\"soft\">engine ") + version() + "</p></body></html>\n";
}

std::string figure(std::string_view value, std::string_view label) {
  return "<div><b>" + std::string(value) + "</b>" + std::string(label) + "</div>";
}

}  // namespace engine::tools
