#include "session/opencl_program.h"

#include "base/check.h"
#include "base/text.h"
#include "session/device.h"
#ifdef ENGINE_OPENCL
#include "ops/opencl/runtime/offline.h"
#endif

namespace engine {

#ifdef ENGINE_OPENCL
namespace {

using opencl::OfflineProgram;
using opencl::Variant;

OfflineProgram make(const ProgramRequest& request) {
  const auto variant = opencl::parse_variant(request.variant);
  ENGINE_REQUIRE(variant, ErrorCode::kInvalidArgument, "there is no variant ",
                 quote(request.variant), "; there are: standard, fpga");
  const bool for_vendor = request.source_only || !request.binary.empty();
  ENGINE_REQUIRE(
      !for_vendor || variant == Variant::kFpga, ErrorCode::kInvalidArgument,
      "a vendor's compiler is for kernels of the variant 'fpga' (those of 'standard' are "
      "compiled by the device's driver); add --variant fpga");
  ENGINE_REQUIRE(!request.source_only || request.binary.empty(), ErrorCode::kInvalidArgument,
                 "either the source is written or a binary is taken, not both");
  if (request.source_only) return opencl::write_fpga_source(request.folder);
  const std::string device = opencl_name(request.device);
  return request.binary.empty() ? opencl::build_program(device, *variant, request.folder)
                                : opencl::wrap_binary(device, request.binary, request.folder);
}

}  // namespace

ProgramReport make_program(const ProgramRequest& request) {
  const auto [manifest, other_bits] = make(request);
  return {manifest.device,
          manifest.platform,
          manifest.driver,
          manifest.source,
          manifest.binary,
          manifest.bytes,
          {manifest.kernels.begin(), manifest.kernels.end()},
          opencl::tiles_of(manifest.kernels),
          other_bits};
}
#else
ProgramReport make_program(const ProgramRequest&) {
  fail(ErrorCode::kNotFound, "this build has no OpenCL (opencl-headers were missing)");
}
#endif

}  // namespace engine
