#include "serve/rpc/server.h"

#include "serve/proto/grpc_service.grpc.pb.h"
#include "serve/proto/health.grpc.pb.h"
#include "support/model_case.h"
#include "tests/serve/core/serving.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

#include <thread>

namespace engine::serve::rpc {
namespace {

using engine::test::compare_all;
using engine::test::take_batch;
using ::grpc::ClientContext;
using ::grpc::Status;
using ::grpc::StatusCode;
using inference::ModelInferRequest;
using inference::ModelInferResponse;
using serve::test::Hold;
using serve::test::load_lookup_and_jets;
using serve::test::lookup;

// A server with the lookup model and the jet tagger, and a client of it.
class GrpcServer : public testing::Test {
 protected:
  void serve(ServerOptions options = {}) {
    options.port = 0;
    server = std::make_unique<Server>(repository, options);
    const std::string address = options.address.starts_with("unix:")
                                    ? options.address
                                    : "127.0.0.1:" + std::to_string(server->port());
    ::grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(-1);
    arguments.SetInt("grpc.use_local_subchannel_pool", 1);
    channel = ::grpc::CreateCustomChannel(address, ::grpc::InsecureChannelCredentials(), arguments);
    stub = inference::GRPCInferenceService::NewStub(channel);
  }
  void SetUp() override {
    load_lookup_and_jets(repository);
    serve();
  }
  void TearDown() override {
    repository.drain();
    repository.stop(Time::max());
  }

  std::shared_ptr<ServedModel> model(std::string_view name) {
    Failure why;
    return repository.find(name, {}, why);
  }
  Status infer(const ModelInferRequest& request, ModelInferResponse& response) {
    ClientContext context;
    return stub->ModelInfer(&context, request, &response);
  }
  Status refused(const ModelInferRequest& request) {
    ModelInferResponse response;
    return infer(request, response);
  }

  Repository repository{std::size_t{1} << 30};
  std::unique_ptr<Server> server;
  std::shared_ptr<::grpc::Channel> channel;
  std::unique_ptr<inference::GRPCInferenceService::Stub> stub;
};

ModelInferRequest indices(const std::vector<std::int64_t>& values, const std::string& id = "") {
  ModelInferRequest request;
  request.set_model_name("lookup");
  request.set_id(id);
  auto& input = *request.add_inputs();
  input.set_name("i");
  input.set_datatype("INT64");
  input.add_shape(std::ssize(values));
  request.add_raw_input_contents(values.data(), values.size() * sizeof(std::int64_t));
  return request;
}

ModelInferRequest jets_request(const Tensor& jets) {
  ModelInferRequest request;
  request.set_model_name("jet_tagger");
  auto& input = *request.add_inputs();
  input.set_name("jets");
  input.set_datatype("FP32");
  for (const Index extent : jets.shape()) input.add_shape(extent);
  request.add_raw_input_contents(jets.data(), jets.bytes());
  return request;
}

std::vector<float> floats(const std::string& bytes) {
  std::vector<float> values(bytes.size() / sizeof(float));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

Tensors scores_of(const ModelInferResponse& response) {
  const std::vector<float> values = floats(response.raw_output_contents(0));
  return {{"scores", Tensor::of<float>({std::ssize(values) / 5, 5}, values)}};
}

TEST_F(GrpcServer, TellsAboutItself) {
  ClientContext live, ready, metadata;
  inference::ServerLiveResponse is_live;
  ASSERT_TRUE(stub->ServerLive(&live, {}, &is_live).ok());
  EXPECT_TRUE(is_live.live());
  inference::ServerReadyResponse is_ready;
  ASSERT_TRUE(stub->ServerReady(&ready, {}, &is_ready).ok());
  EXPECT_TRUE(is_ready.ready());
  inference::ServerMetadataResponse about;
  ASSERT_TRUE(stub->ServerMetadata(&metadata, {}, &about).ok());
  EXPECT_EQ(about.name(), "engine");
  EXPECT_NE(std::ranges::find(about.extensions(), "binary_tensor_data"), about.extensions().end());
}

TEST_F(GrpcServer, TellsAboutModels) {
  const std::tuple<const char*, const char*, bool> cases[] = {
      {"lookup", "", true}, {"lookup", "1", true}, {"lookup", "2", false}, {"nope", "", false}};
  for (const auto& [name, version, expected] : cases) {
    ClientContext context;
    inference::ModelReadyRequest request;
    request.set_name(name);
    request.set_version(version);
    inference::ModelReadyResponse response;
    ASSERT_TRUE(stub->ModelReady(&context, request, &response).ok());
    EXPECT_EQ(response.ready(), expected) << name << " " << version;
  }
  ClientContext context;
  inference::ModelMetadataRequest request;
  request.set_name("jet_tagger");
  inference::ModelMetadataResponse response;
  ASSERT_TRUE(stub->ModelMetadata(&context, request, &response).ok());
  ASSERT_EQ(response.inputs_size(), 1);
  EXPECT_EQ(response.inputs(0).name(), "jets");
  EXPECT_EQ(response.inputs(0).datatype(), "FP32");
  EXPECT_EQ(
      std::vector<Index>(response.inputs(0).shape().begin(), response.inputs(0).shape().end()),
      (std::vector<Index>{-1, 16}));
  EXPECT_EQ(response.versions(0), "1");
}

TEST_F(GrpcServer, InfersWithTheBitsOfTheSession) {
  const auto jets = engine::test::load_model_case("jet_tagger", 100);
  for (const Index batch : {1, 7, 100}) {
    const Tensors inputs = take_batch(jets, batch, 3);
    ModelInferResponse response;
    ModelInferRequest request = jets_request(inputs.at("jets"));
    request.set_id("event-9");
    ASSERT_TRUE(infer(request, response).ok());
    EXPECT_EQ(compare_all(scores_of(response), model("jet_tagger")->session().run(inputs)), "");
    EXPECT_EQ(response.id(), "event-9");
    EXPECT_EQ(response.model_version(), "1");
    EXPECT_EQ(response.outputs(0).datatype(), "FP32");
    EXPECT_EQ(response.outputs(0).shape(0), batch);
    EXPECT_EQ(response.parameters().at("model_sha256").string_param(),
              model("jet_tagger")->sha256());
  }
}

TEST_F(GrpcServer, TakesTypedContents) {
  ModelInferRequest request = indices({3, 0});
  request.clear_raw_input_contents();
  request.mutable_inputs(0)->mutable_contents()->add_int64_contents(3);
  request.mutable_inputs(0)->mutable_contents()->add_int64_contents(0);
  ModelInferResponse response;
  ASSERT_TRUE(infer(request, response).ok());
  EXPECT_EQ(floats(response.raw_output_contents(0)), (std::vector<float>{30, 31, 0, 1}));
}

TEST_F(GrpcServer, AnswersLargeAndCompressedMessages) {
  const std::vector<std::int64_t> many(200'000, 2);
  ModelInferRequest request = indices(many);
  for (const auto algorithm : {GRPC_COMPRESS_NONE, GRPC_COMPRESS_GZIP, GRPC_COMPRESS_DEFLATE}) {
    ClientContext context;
    context.set_compression_algorithm(algorithm);
    ModelInferResponse response;
    const Status status = stub->ModelInfer(&context, request, &response);
    ASSERT_TRUE(status.ok()) << status.error_message();
    const std::vector<float> values = floats(response.raw_output_contents(0));
    ASSERT_EQ(values.size(), 2 * many.size());
    EXPECT_EQ(values.back(), 21);
  }
}

struct BadRequest {
  const char* name;
  void (*spoil)(ModelInferRequest& request);
  StatusCode code;
  const char* words;
};

const BadRequest kBad[] = {
    {"unknown model", [](auto& r) { r.set_model_name("nope"); }, StatusCode::NOT_FOUND,
     "Request for unknown model: 'nope' is not found"},
    {"unknown version", [](auto& r) { r.set_model_version("7"); }, StatusCode::NOT_FOUND,
     "'lookup' version 7 is not found"},
    {"version of letters", [](auto& r) { r.set_model_version("abc"); },
     StatusCode::INVALID_ARGUMENT, "failed to get model version from specified version string"},
    {"negative version", [](auto& r) { r.set_model_version("-1"); }, StatusCode::INVALID_ARGUMENT,
     "invalid model version specified"},
    {"wrong name", [](auto& r) { r.mutable_inputs(0)->set_name("j"); },
     StatusCode::INVALID_ARGUMENT, "unexpected inference input 'j' for model 'lookup'"},
    {"no inputs",
     [](auto& r) {
       r.clear_inputs();
       r.clear_raw_input_contents();
     },
     StatusCode::INVALID_ARGUMENT, "expected 1 inputs but got 0 inputs"},
    {"twice",
     [](auto& r) {
       *r.add_inputs() = r.inputs(0);
       r.add_raw_input_contents(r.raw_input_contents(0));
     },
     StatusCode::INVALID_ARGUMENT, "input 'i' already exists in request"},
    {"wrong type", [](auto& r) { r.mutable_inputs(0)->set_datatype("FP64"); },
     StatusCode::INVALID_ARGUMENT, "data-type is 'FP64', but model 'lookup' expects 'INT64'"},
    {"no type", [](auto& r) { r.mutable_inputs(0)->set_datatype("X"); },
     StatusCode::INVALID_ARGUMENT, "data-type is 'X'"},
    {"other rank", [](auto& r) { r.mutable_inputs(0)->add_shape(1); }, StatusCode::INVALID_ARGUMENT,
     "unexpected shape for input 'i'"},
    {"negative extent", [](auto& r) { r.mutable_inputs(0)->set_shape(0, -1); },
     StatusCode::INVALID_ARGUMENT, "is negative"},
    {"huge shape",
     [](auto& r) {
       r.mutable_inputs(0)->set_shape(0, std::int64_t{1} << 62);
       r.mutable_inputs(0)->add_shape(16);
     },
     StatusCode::INVALID_ARGUMENT, "is too large"},
    {"short bytes", [](auto& r) { r.set_raw_input_contents(0, std::string(15, 'x')); },
     StatusCode::INVALID_ARGUMENT, "input byte size mismatch for input 'i'"},
    {"no bytes", [](auto& r) { r.set_raw_input_contents(0, ""); }, StatusCode::INVALID_ARGUMENT,
     "got 0"},
    {"no data", [](auto& r) { r.clear_raw_input_contents(); }, StatusCode::INVALID_ARGUMENT,
     "unable to find data for 'i'"},
    {"raw and typed",
     [](auto& r) { r.mutable_inputs(0)->mutable_contents()->add_int64_contents(1); },
     StatusCode::INVALID_ARGUMENT,
     "contents field must not be specified when using raw_input_contents"},
    {"raw of nobody", [](auto& r) { r.add_raw_input_contents("abc"); },
     StatusCode::INVALID_ARGUMENT, "raw_input_contents has 2 entries"},
    {"typed of another type",
     [](auto& r) {
       r.clear_raw_input_contents();
       r.mutable_inputs(0)->mutable_contents()->add_fp32_contents(1);
     },
     StatusCode::INVALID_ARGUMENT, "unexpected explicit tensor data"},
    {"typed too few",
     [](auto& r) {
       r.clear_raw_input_contents();
       r.mutable_inputs(0)->mutable_contents()->add_int64_contents(1);
     },
     StatusCode::INVALID_ARGUMENT, "Expected 2 values for shape [2], got 1"},
    {"unknown output", [](auto& r) { r.add_outputs()->set_name("zz"); },
     StatusCode::INVALID_ARGUMENT, "unexpected inference output 'zz' for model 'lookup'"},
    {"reserved parameter",
     [](auto& r) { (*r.mutable_parameters())["triton_x"].set_bool_param(true); },
     StatusCode::INVALID_ARGUMENT, "parameter keys starting with 'triton_' are reserved"},
    {"parameter without a value", [](auto& r) { (*r.mutable_parameters())["u"]; },
     StatusCode::INVALID_ARGUMENT, "parameter 'u' has invalid type"},
    {"negative priority",
     [](auto& r) { (*r.mutable_parameters())["priority"].set_int64_param(-1); },
     StatusCode::INVALID_ARGUMENT, "expected value >= 0"},
    {"priority of letters",
     [](auto& r) { (*r.mutable_parameters())["priority"].set_string_param("x"); },
     StatusCode::INVALID_ARGUMENT, "'priority' parameter"},
    {"index out of range", [](auto& r) { r.set_raw_input_contents(0, std::string(16, '\x7f')); },
     StatusCode::INVALID_ARGUMENT, "[request id: r1]"},
};

TEST_F(GrpcServer, RefusesBadInputAndGoesOn) {
  for (const BadRequest& bad : kBad) {
    ModelInferRequest request = indices({1, 2}, "r1");
    bad.spoil(request);
    const Status status = refused(request);
    EXPECT_EQ(status.error_code(), bad.code) << bad.name << ": " << status.error_message();
    EXPECT_NE(status.error_message().find(bad.words), std::string::npos)
        << bad.name << ": " << status.error_message();
  }
  EXPECT_TRUE(refused(indices({1, 2})).ok());
  EXPECT_EQ(repository.memory().used(), 0u);
}

TEST_F(GrpcServer, TakesParametersThatMeanNothing) {
  ModelInferRequest request = indices({1});
  auto& parameters = *request.mutable_parameters();
  parameters["triton_enable_empty_final_response"].set_bool_param(true);
  parameters["mine"].set_double_param(1.5);
  parameters["sequence_id"].set_int64_param(3);
  parameters["priority"].set_uint64_param(99);
  parameters["timeout"].set_int64_param(1'000'000);
  EXPECT_TRUE(refused(request).ok());
}

// Sends bytes as the message of a call.
Status send_bytes(const std::shared_ptr<::grpc::Channel>& channel, const std::string& bytes) {
  ::grpc::GenericStub stub(channel);
  ::grpc::CompletionQueue queue;
  ClientContext context;
  const ::grpc::Slice slice(bytes);
  const ::grpc::ByteBuffer request(&slice, 1);
  ::grpc::ByteBuffer response;
  Status status;
  const auto call = stub.PrepareUnaryCall(&context, "/inference.GRPCInferenceService/ModelInfer",
                                          request, &queue);
  call->StartCall();
  call->Finish(&response, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  return status;
}

TEST_F(GrpcServer, RefusesWhatIsNoMessage) {
  const std::string good = indices({1, 2}, "x").SerializeAsString();
  EXPECT_TRUE(send_bytes(channel, good).ok());
  const std::string bad[] = {"abc",
                             std::string(1, '\0'),
                             "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
                             "\x3a\xff\x7f",
                             "\x0b\x0c",
                             "\x0a\x02\xc3\x28",
                             std::string(100, '\xff')};
  for (const std::string& bytes : bad) {
    const Status status = send_bytes(channel, bytes);
    EXPECT_EQ(status.error_code(), StatusCode::INTERNAL) << status.error_message();
    EXPECT_EQ(status.error_message(), "Unable to parse request");
  }
  // Cut at every byte: an error, or fewer fields than there were, but never a crash.
  for (std::size_t length = 0; length < good.size(); ++length)
    EXPECT_FALSE(send_bytes(channel, good.substr(0, length)).ok()) << length;
  EXPECT_EQ(send_bytes(channel, good + "\x48\x01").error_message(), "");  // an unknown field
}

TEST_F(GrpcServer, StopsAtTheDeadlineAndForgetsWhoLeaves) {
  Hold hold(model("lookup")->batcher(), lookup({0}));
  ClientContext late;
  late.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(50));
  ModelInferResponse response;
  EXPECT_EQ(stub->ModelInfer(&late, indices({1}), &response).error_code(),
            StatusCode::DEADLINE_EXCEEDED);
  while (model("lookup")->batcher().queued() != 0) std::this_thread::yield();
  ClientContext leaving;
  std::thread client([&] {
    ModelInferResponse none;
    EXPECT_EQ(stub->ModelInfer(&leaving, indices({1}), &none).error_code(), StatusCode::CANCELLED);
  });
  while (model("lookup")->batcher().queued() == 0) std::this_thread::yield();
  leaving.TryCancel();
  client.join();
  while (model("lookup")->batcher().queued() != 0) std::this_thread::yield();
  hold.release();
  EXPECT_TRUE(refused(indices({1})).ok());
  const ModelStatistics statistics = model("lookup")->batcher().statistics();
  EXPECT_EQ(statistics.inference_count, 2u) << "what was given up ran";
}

TEST_F(GrpcServer, StreamsAnswerEachRequestAndGoOnAfterErrors) {
  ClientContext context;
  const auto stream = stub->ModelStreamInfer(&context);
  constexpr int kRequests = 300;  // more than are read before some are answered
  std::thread writer([&] {
    for (int i = 0; i < kRequests; ++i) {
      ModelInferRequest request = indices({i % 4}, std::to_string(i));
      if (i == 10) request.set_model_name("nope");
      if (i == 20) request.mutable_inputs(0)->set_name("j");
      EXPECT_TRUE(stream->Write(request));
    }
    stream->WritesDone();
  });
  std::set<std::string> seen;
  inference::ModelStreamInferResponse response;
  while (stream->Read(&response)) {
    const std::string& id = response.infer_response().id();
    EXPECT_TRUE(seen.insert(id).second) << id;
    const bool bad = id == "10" || id == "20";
    EXPECT_EQ(response.error_message().empty(), !bad) << id << ": " << response.error_message();
    EXPECT_TRUE(response.infer_response().parameters().at("triton_final_response").bool_param());
    if (bad) continue;
    const float first = static_cast<float>(std::stoi(id) % 4) * 10;
    EXPECT_EQ(floats(response.infer_response().raw_output_contents(0)),
              (std::vector<float>{first, first + 1}));
  }
  writer.join();
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(seen.size(), static_cast<std::size_t>(kRequests));
}

TEST_F(GrpcServer, StreamsMayBeLeft) {
  {
    Hold hold(model("lookup")->batcher(), lookup({0}));
    ClientContext context;
    const auto stream = stub->ModelStreamInfer(&context);
    for (int i = 0; i < 20; ++i) EXPECT_TRUE(stream->Write(indices({1})));
    while (model("lookup")->batcher().queued() < 20) std::this_thread::yield();
    context.TryCancel();
    EXPECT_FALSE(stream->Finish().ok());
    while (model("lookup")->batcher().queued() != 0) std::this_thread::yield();
  }
  ClientContext empty;
  const auto stream = stub->ModelStreamInfer(&empty);
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_TRUE(refused(indices({1})).ok());
}

TEST_F(GrpcServer, HealthFollowsReadiness) {
  using namespace ::grpc::health::v1;
  const auto health = Health::NewStub(channel);
  HealthCheckRequest request;
  request.set_service("whatever");
  HealthCheckResponse response;
  ClientContext check, watch, again;
  ASSERT_TRUE(health->Check(&check, request, &response).ok());
  EXPECT_EQ(response.status(), HealthCheckResponse::SERVING);
  const auto watched = health->Watch(&watch, request);
  ASSERT_TRUE(watched->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::SERVING);
  repository.drain();
  ASSERT_TRUE(health->Check(&again, request, &response).ok());
  EXPECT_EQ(response.status(), HealthCheckResponse::NOT_SERVING);
  ASSERT_TRUE(watched->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::NOT_SERVING);
  EXPECT_FALSE(watched->Read(&response));
}

TEST_F(GrpcServer, FinishesWhatItHasWhenItIsEnded) {
  std::optional<Hold> hold(std::in_place, model("lookup")->batcher(), lookup({0}));
  ClientContext idle;
  const auto stream = stub->ModelStreamInfer(&idle);
  ASSERT_TRUE(stream->Write(indices({3}, "streamed")));
  std::thread client([&] { EXPECT_TRUE(refused(indices({1})).ok()); });
  while (model("lookup")->batcher().queued() < 2) std::this_thread::yield();
  repository.drain();
  EXPECT_EQ(refused(indices({1})).error_code(), StatusCode::UNAVAILABLE);
  hold.reset();
  repository.stop(Time::max());
  server->end(Time::max());
  client.join();
  inference::ModelStreamInferResponse response;
  EXPECT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.infer_response().id(), "streamed");
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_FALSE(stream->Finish().ok());
  EXPECT_EQ(refused(indices({1})).error_code(), StatusCode::UNAVAILABLE);
}

TEST_F(GrpcServer, BoundsMessages) {
  serve({.max_message = 4096});
  EXPECT_TRUE(refused(indices(std::vector<std::int64_t>(400, 1))).ok());
  ModelInferRequest large = indices(std::vector<std::int64_t>(1000, 1));
  EXPECT_EQ(refused(large).error_code(), StatusCode::RESOURCE_EXHAUSTED);
  ClientContext context;
  context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
  ModelInferResponse response;
  large = indices(std::vector<std::int64_t>(1'000'000, 1));  // 8 kB as they travel
  EXPECT_EQ(stub->ModelInfer(&context, large, &response).error_code(),
            StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_TRUE(refused(indices({1})).ok());
}

TEST_F(GrpcServer, TellsConfigurationsAndSettings) {
  ClientContext config, log, trace, unknown, index, cuda, memory;
  inference::ModelConfigRequest request;
  request.set_name("jet_tagger");
  inference::ModelConfigResponse response;
  ASSERT_TRUE(stub->ModelConfig(&config, request, &response).ok());
  EXPECT_EQ(response.config().name(), "jet_tagger");
  EXPECT_EQ(response.config().input(0).dims(0), 16);
  request.set_name("nope");
  EXPECT_EQ(stub->ModelConfig(&unknown, request, &response).error_code(), StatusCode::NOT_FOUND);
  inference::LogSettingsResponse settings;
  ASSERT_TRUE(stub->LogSettings(&log, {}, &settings).ok());
  EXPECT_TRUE(settings.settings().contains("log_info"));
  inference::TraceSettingRequest of_nope;
  of_nope.set_model_name("nope");
  inference::TraceSettingResponse traced;
  EXPECT_EQ(stub->TraceSetting(&trace, of_nope, &traced).error_code(),
            StatusCode::INVALID_ARGUMENT);
  // This server has neither a control nor shared memory.
  inference::RepositoryIndexResponse models;
  EXPECT_EQ(stub->RepositoryIndex(&index, {}, &models).error_code(), StatusCode::UNAVAILABLE);
  inference::CudaSharedMemoryRegisterResponse registered;
  EXPECT_EQ(stub->CudaSharedMemoryRegister(&cuda, {}, &registered).error_code(),
            StatusCode::INVALID_ARGUMENT);
  inference::SystemSharedMemoryStatusResponse regions;
  EXPECT_EQ(stub->SystemSharedMemoryStatus(&memory, {}, &regions).error_code(),
            StatusCode::UNIMPLEMENTED);
}

TEST_F(GrpcServer, ListensAtAPath) {
  const std::string path =
      (std::filesystem::temp_directory_path() / ("engine_grpc_" + std::to_string(::getpid())))
          .string();
  serve({.address = "unix://" + path});
  EXPECT_TRUE(refused(indices({1})).ok());
  EXPECT_THROW(Server(repository, {.address = "192.0.2.1"}), Error);
}

// Threads of clients with requests of random sizes get what the session gives them alone.
TEST_F(GrpcServer, ManyClientsKeepBits) {
  const auto jets = engine::test::load_model_case("jet_tagger", 64);
  const Session session = model("jet_tagger")->session();
  std::vector<std::thread> clients;
  std::atomic<int> wrong = 0;
  for (int t = 0; t < 8; ++t)
    clients.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        const Tensors inputs = take_batch(jets, 1 + (t * 7 + i) % 20, i);
        ModelInferResponse response;
        const Status status = infer(jets_request(inputs.at("jets")), response);
        if (!status.ok() || !compare_all(scores_of(response), session.run(inputs)).empty()) ++wrong;
      }
    });
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace engine::serve::rpc
