// Golden hashes: the bits of this release are those of the last one, on every machine. All cases
// are independent of the mathematics library and of the platform. Rewriting the files is
// scripts/update-golden; it means that the contract's version must rise (src/numerics/contract.h).
#include "support/bit_cases.h"
#include "support/model_case.h"
#include "support/sha256.h"

#include "base/text.h"
#include "numerics/contract.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

namespace engine::test {
namespace {

using Hashes = std::map<std::string, std::string>;

std::filesystem::path golden_file(const char* name) {
  return std::filesystem::path(ENGINE_SOURCE_DIR) / "tests" / "golden" / name;
}

// Lines "hash  name" below a first line "contract N".
Hashes read_golden(const char* file, int& version) {
  std::ifstream stream(golden_file(file));
  std::string word;
  stream >> word >> version;
  Hashes hashes;
  std::string hash, name;
  while (stream >> hash && std::getline(stream >> std::ws, name)) hashes[name] = hash;
  return hashes;
}

void write_golden(const char* file, const Hashes& hashes) {
  std::ofstream stream(golden_file(file));
  stream << "contract " << numerics::kContractVersion << "\n";
  for (const auto& [name, hash] : hashes) stream << hash << "  " << name << "\n";
}

void compare_with_golden(const char* file, const Hashes& hashes) {
  if (std::getenv("ENGINE_UPDATE_GOLDEN")) return write_golden(file, hashes);
  int version = 0;
  const Hashes golden = read_golden(file, version);
  EXPECT_EQ(version, numerics::kContractVersion) << file << " is of another contract";
  for (const auto& [name, hash] : hashes) {
    const auto it = golden.find(name);
    if (it == golden.end()) ADD_FAILURE() << name << " is not in " << file;
    else EXPECT_EQ(hash, it->second) << name;
  }
  for (const auto& [name, hash] : golden)
    EXPECT_TRUE(hashes.contains(name)) << file << " has a case that is gone: " << name;
}

std::string operator_hash(const OperatorCase& c) {
  const auto backend = cpu::make_backend(best_isa());
  Sha256 hash;
  for (const Tensor& tensor : run_backend(c, *backend)) update(hash, tensor);
  return hash.digest();
}

TEST(Golden, Operators) {
  Hashes hashes;
  for (const BitCase& c : bit_cases()) {
    const OperatorCase usual = c.make(3);
    OperatorCase special = usual;
    special.inputs[0] = random_special(usual.inputs[0].shape(), 1, 200);
    EXPECT_TRUE(hashes.emplace(c.name, operator_hash(usual)).second) << c.name << " is there twice";
    hashes.emplace(c.name + ", special values", operator_hash(special));
  }
  compare_with_golden("operators.txt", hashes);
}

TEST(Golden, Models) {
  Hashes hashes;
  for (const std::string& name : model_case_names()) {
    const ModelCase c = load_model_case(name, 3);
    hashes[name] = canonical_hash(Session(c.model).run(take_batch(c, 3, 0)));
  }
  compare_with_golden("models.txt", hashes);
}

}  // namespace
}  // namespace engine::test
