#include "job.h"

#include <fstream>
#include <sstream>
#include <stdexcept>

namespace peers {
namespace {

std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields;
  std::istringstream stream(line);
  for (std::string field; std::getline(stream, field, '\t');) fields.push_back(field);
  return fields;
}

std::vector<std::int64_t> shape_of(const std::string& text) {
  std::vector<std::int64_t> shape;
  std::istringstream stream(text);
  for (std::string extent; std::getline(stream, extent, ',');) shape.push_back(std::stoll(extent));
  return shape;
}

void add_line(Job& job, const std::vector<std::string>& fields) {
  const std::string& key = fields[0];
  if (key == "model" && fields.size() == 2) job.model = fields[1];
  else if (key == "threads" && fields.size() == 2) job.threads = std::stoi(fields[1]);
  else if (key == "input" && fields.size() == 5)
    job.inputs.push_back({fields[1], fields[2], shape_of(fields[3]), read_bytes(fields[4])});
  else if (key == "output" && fields.size() == 3) job.outputs.push_back({fields[1], fields[2]});
  else if (key == "set" && fields.size() == 3) job.settings[fields[1]] = fields[2];
  else throw std::runtime_error("the job has a line that is not understood: " + key);
}

}  // namespace

const std::string& Job::setting(const std::string& key) const {
  const auto found = settings.find(key);
  if (found == settings.end()) throw std::runtime_error("the job does not set " + key);
  return found->second;
}

Job read_job(const std::string& file) {
  std::ifstream stream(file);
  if (!stream) throw std::runtime_error("cannot read " + file);
  Job job;
  for (std::string line; std::getline(stream, line);)
    if (!line.empty()) add_line(job, fields_of(line));
  return job;
}

std::vector<std::byte> read_bytes(const std::string& file) {
  std::ifstream stream(file, std::ios::binary | std::ios::ate);
  if (!stream) throw std::runtime_error("cannot read " + file);
  std::vector<std::byte> bytes(static_cast<std::size_t>(stream.tellg()));
  stream.seekg(0);
  stream.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  return bytes;
}

void write_bytes(const std::string& file, const void* data, std::size_t bytes) {
  std::ofstream stream(file, std::ios::binary);
  stream.write(static_cast<const char*>(data), static_cast<std::streamsize>(bytes));
  if (!stream) throw std::runtime_error("cannot write " + file);
}

}  // namespace peers
