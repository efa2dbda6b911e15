#include "tools/serve/triton_options.h"

#include <string_view>

namespace engine::tools {
namespace {

constexpr std::string_view kNames[] = {"--allow-cpu-metrics",
                                       "--allow-gpu-metrics",
                                       "--allow-sagemaker",
                                       "--allow-vertex-ai",
                                       "--backend-config",
                                       "--backend-directory",
                                       "--buffer-manager-thread-count",
                                       "--cache-config",
                                       "--cache-directory",
                                       "--cuda-memory-pool-byte-size",
                                       "--cuda-virtual-address-size",
                                       "--enable-peer-access",
                                       "--grpc-header-forward-pattern",
                                       "--grpc-http2-max-ping-strikes",
                                       "--grpc-http2-max-pings-without-data",
                                       "--grpc-http2-min-recv-ping-interval-without-data",
                                       "--grpc-infer-allocation-pool-size",
                                       "--grpc-infer-response-compression-level",
                                       "--grpc-keepalive-permit-without-calls",
                                       "--grpc-keepalive-time",
                                       "--grpc-keepalive-timeout",
                                       "--grpc-max-connection-age",
                                       "--grpc-max-connection-age-grace",
                                       "--grpc-max-response-pool-size",
                                       "--host-policy",
                                       "--http-header-forward-pattern",
                                       "--http-restricted-api",
                                       "--id",
                                       "--log-error",
                                       "--log-file",
                                       "--log-format",
                                       "--log-info",
                                       "--log-verbose",
                                       "--log-warning",
                                       "--metrics-config",
                                       "--metrics-interval-ms",
                                       "--min-supported-compute-capability",
                                       "--model-load-gpu-limit",
                                       "--model-load-retry-count",
                                       "--model-load-thread-count",
                                       "--model-namespacing",
                                       "--pinned-memory-pool-byte-size",
                                       "--rate-limit",
                                       "--rate-limit-resource",
                                       "--repoagent-directory",
                                       "--response-cache-byte-size",
                                       "--reuse-grpc-port",
                                       "--reuse-http-port",
                                       "--sagemaker-port",
                                       "--sagemaker-safe-port-range",
                                       "--sagemaker-thread-count",
                                       "--strict-model-config",
                                       "--trace-config",
                                       "--trace-count",
                                       "--trace-file",
                                       "--trace-level",
                                       "--trace-log-frequency",
                                       "--trace-rate",
                                       "--vertex-ai-default-model",
                                       "--vertex-ai-port",
                                       "--vertex-ai-thread-count"};

}  // namespace

void ignore_triton_options(CLI::App& app, std::vector<std::string>& given) {
  const std::string flag = "--disable-auto-complete-config";  // the only one without a value
  if (!app.get_option_no_throw(flag))
    app.add_flag_callback(flag, [&given, flag] { given.push_back(flag); })->group("");
  for (const std::string_view view : kNames) {
    const std::string name(view);
    if (app.get_option_no_throw(name)) continue;
    const CLI::callback_t note = [&given, name](const CLI::results_t&) {
      given.push_back(name);
      return true;
    };
    app.add_option(name, note)
        ->group("")
        ->expected(1, CLI::detail::expected_max_vector_size)
        ->allow_extra_args(false);
  }
}

}  // namespace engine::tools
