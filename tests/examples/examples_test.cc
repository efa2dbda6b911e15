// The examples of the README are run, and say what the README says.
#include "tests/support/command.h"

#include <gtest/gtest.h>

#include <string>

namespace engine::tools {
namespace {

TEST(Examples, EmbeddingGivesTheSameBitsBothWays) {
  const Outcome outcome = shell("embed $MODELS/jet_tagger.onnx");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("the same bits both ways"), std::string::npos) << outcome.out;
  EXPECT_EQ(shell("embed nothing.onnx").code, 2);
}

TEST(Examples, JetTaggingIsAsGoodAsItsTraining) {
  const Outcome outcome = shell("jet_tagging $MODELS roc.svg && head -c 5 roc.svg");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  for (const char* part : {"4000 jets", "accuracy  0.652", "g  0.898", "q  0.870", "W  0.868",
                           "Z  0.856", "t  0.941", "the same bits", "<svg "})
    EXPECT_NE(outcome.out.find(part), std::string::npos) << part << "\n" << outcome.out;
  EXPECT_EQ(shell("jet_tagging nowhere").code, 2);
}

}  // namespace
}  // namespace engine::tools
