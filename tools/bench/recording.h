// What a benchmark measured, as far as another run can be held against it.
#pragma once

#include "tools/report/json.h"
#include "tuning/machine_peak.h"

#include <engine/types.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace engine::tools {

/// One thing that was timed.
struct RecordedEntry {
  std::string name;
  std::vector<double> rounds_ns;  ///< medians of the rounds; never empty, all above 0
};

/// The output of `engine bench --json` or of the kernel benchmark.
struct Recording {
  std::string subject;  ///< the model, or "kernels"
  std::string device;
  int threads = 1;
  Index batch = 1;
  double peak_flops = 0;  ///< of the machine, measured in the same run
  std::vector<RecordedEntry> entries;
};

/// Reads what `to_text` of one of our reports wrote: a model's `rounds_ns` and `nodes`, or
/// `kernels`. Entries of one name are numbered. The text is believed in nothing: throws Error
/// (kInvalidArgument) that says what is wrong, naming `source`.
Recording parse_recording(std::string_view text, const std::string& source);
Recording read_recording(const std::filesystem::path& file);

/// The roofs as they stand in a report.
Json to_json(const tuning::MachinePeak& peak);

}  // namespace engine::tools
