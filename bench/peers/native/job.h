// What a peer process is told to run: a file of lines whose fields stand between tabs.
//   model FILE | threads N | input NAME TYPE DIMS FILE | output NAME FILE | set KEY VALUE
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace peers {

/// An input with its values, as the model names it.
struct Input {
  std::string name;
  std::string type;  ///< numpy's name of the element type, such as float32
  std::vector<std::int64_t> shape;
  std::vector<std::byte> bytes;
};

/// An output and the file that its values go to, without any header.
struct Output {
  std::string name;
  std::string file;
};

/// What to run.
struct Job {
  std::string model;
  int threads = 1;
  std::vector<Input> inputs;
  std::vector<Output> outputs;
  std::map<std::string, std::string> settings;  ///< what only some peers need

  /// A setting; throws std::runtime_error if the job has none of this name.
  const std::string& setting(const std::string& key) const;
};

/// Reads a job; throws std::runtime_error that names what is wrong.
Job read_job(const std::string& file);

/// All bytes of a file; throws std::runtime_error if it cannot be read.
std::vector<std::byte> read_bytes(const std::string& file);

/// Writes an output's values.
void write_bytes(const std::string& file, const void* data, std::size_t bytes);

}  // namespace peers
