#include "serve/core/checksums.h"

#include "serve/config/config_text.h"

#include <engine/error.h>

#include <gtest/gtest.h>

namespace engine::serve {
namespace {

std::string refusal(const std::string& key, const std::string& value, Index version) {
  const auto files = files_in_memory({{"1/model.onnx", "abc"}, {"labels.txt", "abc"}});
  const auto config =
      parse_config("model_repository_agents { agents { name: 'checksum' parameters { key: '" + key +
                       "' value: '" + value + "' } } }",
                   "config.pbtxt");
  try {
    check_checksums(config, files.get(), version);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(Checksums, AreThoseOfTheFiles) {
  const std::string md5 = "900150983cd24fb0d6963f7d28e17f72", other = "9" + md5.substr(1, 30) + "3";
  EXPECT_EQ(refusal("MD5:1/model.onnx", md5, 1), "");
  EXPECT_EQ(refusal("MD5:labels.txt", "900150983CD24FB0D6963F7D28E17F72", 2), "");
  EXPECT_EQ(refusal("SHA256:labels.txt",
                    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", 1),
            "");
  EXPECT_EQ(refusal("MD5:1/model.onnx", other, 2), "");  // another version's
  EXPECT_EQ(refusal("MD5:1/model.onnx", other, 1), "config.pbtxt: agent 'checksum' wants '" +
                                                       other + "' of '1/model.onnx', which has '" +
                                                       md5 + "'");
  EXPECT_EQ(refusal("MD5:2/model.onnx", md5, 2), "the model has no file '2/model.onnx'");
  for (const char* key : {"", "MD5", "CRC:labels.txt", "labels.txt"})
    EXPECT_NE(refusal(key, md5, 1), "") << key;
}

}  // namespace
}  // namespace engine::serve
