#include "bench/opencl/clblast.h"

#include "base/check.h"

#include <map>
#include <random>

#ifdef ENGINE_CLBLAST
#include <clblast.h>
#endif

namespace engine::bench {

#ifdef ENGINE_CLBLAST

namespace {

using Parameters = std::unordered_map<std::string, std::size_t>;
const std::string kKernel = "Xgemm", kRoutine = "GemmRoutine";

void require(clblast::StatusCode code, const char* call) {
  ENGINE_REQUIRE(code == clblast::StatusCode::kSuccess, ErrorCode::kDeviceFailed, "CLBlast's ",
                 call, " failed (", static_cast<int>(code), ")");
}

Parameters standard(cl_device_id device, const std::string& kernel) {
  static std::map<std::string, Parameters> known;
  const auto [it, is_new] = known.try_emplace(kernel);
  if (is_new)
    require(clblast::RetrieveParameters(device, kernel, clblast::Precision::kSingle, it->second),
            "RetrieveParameters");
  return it->second;
}

}  // namespace

bool has_clblast() { return true; }

void clblast_product(cl_command_queue queue, const ProductShape& shape, cl_mem a, cl_mem b,
                     cl_mem y) {
  const auto m = static_cast<std::size_t>(shape.rows), n = static_cast<std::size_t>(shape.columns),
             k = static_cast<std::size_t>(shape.terms);
  require(clblast::Gemm<float>(clblast::Layout::kRowMajor, clblast::Transpose::kNo,
                               clblast::Transpose::kNo, m, n, k, 1.0f, a, 0, k, b, 0, n, 0.0f, y, 0,
                               n, &queue),
          "Gemm");
}

void set_clblast(cl_device_id device, const ClblastParameters& parameters) {
  Parameters kernel = standard(device, kKernel), routine = standard(device, kRoutine);
  for (const auto& [name, value] : parameters) kernel[name] = value;
  // Else products of these sizes take another kernel.
  if (!parameters.empty()) routine["XGEMM_MIN_INDIRECT_SIZE"] = 1;
  const auto set = [&](const std::string& name, const Parameters& values) {
    require(clblast::OverrideParameters(device, name, clblast::Precision::kSingle, values),
            "OverrideParameters");
  };
  set(kKernel, kernel);
  set(kRoutine, routine);
}

#else

bool has_clblast() { return false; }
void clblast_product(cl_command_queue, const ProductShape&, cl_mem, cl_mem, cl_mem) {}
void set_clblast(cl_device_id, const ClblastParameters&) {}

#endif

ClblastParameters random_parameters(unsigned seed) {
  std::mt19937 bits(seed);
  const auto one_of = [&](std::initializer_list<std::size_t> values) {
    return values.begin()[bits() % values.size()];
  };
  for (;;) {
    const std::size_t mwg = one_of({16, 32, 64, 128}), nwg = one_of({16, 32, 64, 128}),
                      kwg = one_of({16, 32}), mdimc = one_of({1, 2, 4, 8, 16}),
                      ndimc = one_of({1, 2, 4, 8, 16}), mdima = one_of({1, 2, 4, 8, 16}),
                      ndimb = one_of({1, 2, 4, 8, 16}), kwi = one_of({2, 8}),
                      vwm = one_of({1, 2, 4, 8}), vwn = one_of({1, 2, 4, 8}), sa = one_of({0, 1}),
                      sb = one_of({0, 1});
    // What CLBlast's own tuner asks of them.
    const auto divides = [](std::size_t a, std::size_t b) { return a != 0 && b % a == 0; };
    if (!divides(mdimc * vwm, mwg) || !divides(ndimc * vwn, nwg) || !divides(mdima * vwm, mwg) ||
        !divides(ndimb * vwn, nwg) || !divides(mdimc * ndimc / mdima, kwg) ||
        !divides(mdimc * ndimc / ndimb, kwg) || !divides(mdima, mdimc * ndimc) ||
        !divides(ndimb, mdimc * ndimc))
      continue;
    return {{"GEMMK", 0},     {"KREG", 1},      {"KWG", kwg}, {"KWI", kwi},
            {"MDIMA", mdima}, {"MDIMC", mdimc}, {"MWG", mwg}, {"NDIMB", ndimb},
            {"NDIMC", ndimc}, {"NWG", nwg},     {"SA", sa},   {"SB", sb},
            {"STRM", 0},      {"STRN", 0},      {"VWM", vwm}, {"VWN", vwn}};
  }
}

}  // namespace engine::bench
