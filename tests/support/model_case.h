// The models of models/cases with inputs for any batch, and every way to run them.
#pragma once

#include <engine/engine.h>

#include <string>
#include <string_view>
#include <vector>

namespace engine::test {

/// A model with a pool of samples: tensors of `samples` rows, one per input.
struct ModelCase {
  std::string name;
  Model model;
  Tensors pool;
  Index samples = 0;
};

/// Names of the folders of models/cases, sorted.
std::vector<std::string> model_case_names();

/// Loads one. The pool holds the samples of test_data_set_0 and random ones of the same spread up
/// to `samples`.
ModelCase load_model_case(const std::string& name, Index samples);

/// A model file outside of models/cases with one float32 input and a free batch.
ModelCase random_model_case(const std::string& file, Index samples);

/// `batch` rows of the pool, from row `first` on, around its end.
Tensors take_batch(const ModelCase& c, Index batch, Index first);

/// Row `row` of each tensor: outputs of one sample.
Tensors take_row(const Tensors& tensors, Index row);

enum class Path { kRun, kSubmit, kBind };
inline constexpr Path kPaths[] = {Path::kRun, Path::kSubmit, Path::kBind};
const char* name_of(Path path);

/// Runs on a path. A model that cannot be bound is run instead.
Tensors run_path(const Session& session, const Tensors& inputs, Path path);

/// The instruction sets of this machine as device names: "cpu:scalar", ...
std::vector<std::string> cpu_devices();

/// "" if both have the same tensors with the same bits (any NaN equal to any other).
std::string compare_all(const Tensors& got, const Tensors& wanted);

/// Outputs of each sample of the pool alone, on one thread: what all other ways must give.
std::vector<Tensors> run_alone(const ModelCase& c, const std::string& device);

/// The first difference between `outputs` of a batch and the samples alone, or "".
std::string compare_batch(const Tensors& outputs, const std::vector<Tensors>& alone, Index batch,
                          Index first);

}  // namespace engine::test
