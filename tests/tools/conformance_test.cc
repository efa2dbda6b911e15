// What the conformance command reads: expectations, and operators from messages.
#include "tools/conformance/expectations.h"
#include "tools/conformance/placements.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace engine::tools {
namespace {

CaseResult result(const std::string& name, const std::string& path) {
  CaseResult result;
  result.name = name;
  result.path_name = path;
  return result;
}

TEST(Expectations, FirstMatchingLineCounts) {
  Expectations expectations = Expectations::parse(
      "# known\n\ntest_abs fail rounding\ntest_*  unsupported  sequences of tensors\nnever error "
      "x\n",
      "e");
  EXPECT_EQ(expectations.expected(result("test_abs", "node/test_abs")), CaseStatus::kFail);
  EXPECT_EQ(expectations.expected(result("node/test_abs", "node/test_abs")), CaseStatus::kFail);
  EXPECT_EQ(expectations.expected(result("test_seq", "test_seq")), CaseStatus::kUnsupported);
  EXPECT_EQ(expectations.expected(result("other", "other")), CaseStatus::kPass);
  EXPECT_EQ(expectations.unused(), std::vector<std::string>{"never"});
}

TEST(Expectations, LinesMustBeComplete) {
  EXPECT_THROW(Expectations::parse("test_abs", "e"), Error);
  EXPECT_THROW(Expectations::parse("test_abs broken why", "e"), Error);
  EXPECT_THROW(Expectations::parse("test_abs fail", "e"), Error);
}

CaseResult passed(const std::string& name, Placement placement) {
  CaseResult passed = result(name, name);
  passed.status = CaseStatus::kPass;
  passed.placement = std::move(placement);
  return passed;
}

TEST(Placements, ListSaysWhereEachCaseRan) {
  const std::vector<CaseResult> results = {
      passed("split", {false, 3, 2, {"NonZero", "Pow"}}), passed("all", {false, 4, 0, {}}),
      passed("loop", {true, 5, 1, {"NonZero"}}), passed("slice", {true, 2, 0, {}}),
      result("broken", "broken")};
  const std::string text = placements_text(results);
  EXPECT_EQ(text,
            "case,place,operators\nall,device,\nbroken,-,\nloop,host by node,NonZero\n"
            "slice,device by node,\nsplit,host,NonZero Pow\n");
  EXPECT_TRUE(lost_placements(text, "p", results).empty());
  EXPECT_EQ(std::ranges::count_if(results, ran_on_device), 2);
}

TEST(Placements, CasesMustNotFallBack) {
  const std::string list = "case,place,operators\na,device,\nb,device,\nc,host,Pow\nd,device,\n";
  const std::vector<CaseResult> results = {passed("a", {false, 1, 1, {"Add"}}), result("b", "b"),
                                           passed("c", {false, 1, 1, {"Pow"}})};
  EXPECT_EQ(lost_placements(list, "p", results), (std::vector<std::string>{"a", "b"}));
}

TEST(Placements, LinesMustBeComplete) {
  EXPECT_THROW(lost_placements("", "p", {}), Error);
  EXPECT_THROW(lost_placements("case,place,operators\na,device", "p", {}), Error);
  EXPECT_THROW(lost_placements("case,place,operators\na,moon,", "p", {}), Error);
}

}  // namespace
}  // namespace engine::tools
