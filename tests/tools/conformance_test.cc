// What the conformance command reads: expectations, and operators from messages.
#include "tools/conformance/expectations.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace engine::tools
