// The page of a benchmark: well-formed whatever names it is given, and complete.
#include "tools/report/bench_page.h"

#include "tests/support/command.h"
#include "tools/io/file.h"
#include "tools/report/axis.h"

#include <engine/error.h>

#include <gtest/gtest.h>

#include <limits>

namespace engine::tools {
namespace {

NodeCost layer(const std::string& name, const std::string& op, Index flops, Index bytes,
               double ns) {
  NodeCost node;
  node.name = name;
  node.op = op;
  node.kernel = "kernel[avx2]";
  node.flops = flops;
  node.bytes = bytes;
  node.median_ns = ns;
  return node;
}

BenchPage example() {
  BenchPage page;
  page.title = "a <model> & \"more\"";
  page.figures = {{"1 ms", "<median>"}};
  page.peak.flops = 1e11;
  page.peak.levels = {{"L1", 1e4, 4e11}, {"memory", std::numeric_limits<double>::infinity(), 2e10}};
  page.layers = {layer("conv<1>&\"2\"\x01\t", "Conv+Relu", 4000000, 100000, 50000),
                 layer("move", "Transpose", 0, 4096, 700), layer("nothing", "Relu", 0, 0, 0),
                 layer(std::string(5000, 'n'), "Gemm", 1, Index{1} << 50, 1e12)};
  for (NodeCost& node : page.layers) hold_against(page.peak, 1e6, node);
  page.peers = {{"m<1>", "peer & co", "<1.0>", 8, 2, 1.2, 0.9, 1.4},
                {"m<1>", "other", "2", 8, 2, 30, 29, 31}};
  Comparison comparison;
  comparison.source = "old<.json>";
  Change change;
  change.name = "conv<1>";
  change.speedup = {1.1, 1.05, 1.2};
  change.verdict = Verdict::kFaster;
  comparison.changes = {change};
  comparison.remarks = {"another <device>"};
  page.comparison = comparison;
  return page;
}

void expect_well_formed(const std::string& html) {
  if (shell("xmllint --version").code != 0) GTEST_SKIP() << "xmllint is missing (libxml2-utils)";
  const auto folder = shell("pwd").out;
  write_file(folder.substr(0, folder.find('\n')) + "/page.html", html);
  const Outcome outcome = shell("xmllint --noout page.html");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
}

TEST(BenchPage, HoldsEverythingEscapedAndWellFormed) {
  const std::string html = to_html(example());
  for (const char* part : {"a &lt;model&gt; &amp; &quot;more&quot;", "conv&lt;1&gt;", "Roofline",
                           "Time against the floor", "All figures", "Against other engines",
                           "peer &amp; co &lt;1.0&gt;", "Since then", "old&lt;.json&gt;",
                           "another &lt;device&gt;", "prefers-color-scheme:dark"})
    EXPECT_NE(html.find(part), std::string::npos) << part;
  EXPECT_EQ(html.find("nan"), std::string::npos);
  EXPECT_EQ(html.find("inf\""), std::string::npos);
  for (const char* part : {"http://", "https://", "<script", "src=", "@import"})
    for (auto at = html.find(part); at != std::string::npos; at = html.find(part, at + 1))
      EXPECT_EQ(html.substr(at, 26), "http://www.w3.org/2000/svg") << part;
  expect_well_formed(html);
}

TEST(BenchPage, OfNothing) {
  BenchPage page;
  EXPECT_EQ(to_html(page).find("<svg"), std::string::npos);
  page.peak = example().peak;
  expect_well_formed(to_html(page));
}

TEST(BenchPage, EveryComputingLayerIsAPoint) {
  const BenchPage page = example();
  const std::string svg = roofline_chart(page.layers, page.peak);
  std::size_t circles = 0;
  for (auto at = svg.find("<circle"); at != std::string::npos; at = svg.find("<circle", at + 1))
    ++circles;
  EXPECT_EQ(circles, 2u);
  EXPECT_NE(svg.find("L1 400 GB/s"), std::string::npos);
}

TEST(Axis, TicksLieOnIt) {
  for (const double high : {1.02, 1.3, 7.0, 300.0, 1e9}) {
    const LogAxis axis{0.98, high, 100, 900};
    const std::vector<double> list = ticks(axis);
    EXPECT_GE(list.size(), 1u) << high;
    EXPECT_LE(list.size(), 14u) << high;
    for (const double value : list) {
      EXPECT_GE(value, 0.98);
      EXPECT_LE(value, high);
    }
  }
  EXPECT_DOUBLE_EQ((LogAxis{1, 100, 0, 50}.at(10)), 25);
}

TEST(Peers, AreReadAsHostileText) {
  const std::string good = R"([{"model":"m","batch":8,"threads":2,"peer":"p","version":"1",
                               "ratio":1.2,"low":1.1,"high":1.3}])";
  const auto peers = parse_peers(good, "peers.json");
  ASSERT_EQ(peers.size(), 1u);
  EXPECT_EQ(peers[0].batch, 8);
  EXPECT_EQ(peers[0].ratio, 1.2);
  const auto replaced = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    return text.replace(text.find(from), from.size(), to);
  };
  for (const std::string& bad :
       {std::string("{}"), std::string("["), std::string("[1]"), std::string("[{}]"),
        replaced("1.2", "0"), replaced("1.2", "1e999"), replaced("1.2", "2"), replaced("8", "0"),
        replaced("\"p\"", "null"), replaced("1.1", "\"1.1\""), replaced("\"m\"", "[\"m\"]")})
    EXPECT_THROW(parse_peers(bad, "peers.json"), Error) << bad;
}

}  // namespace
}  // namespace engine::tools
