#include "serve/core/batcher.h"

#include "support/model_case.h"
#include "tests/serve/core/serving.h"

#include <gtest/gtest.h>

#include <random>

namespace engine::serve {
namespace {

using engine::test::compare_all;
using engine::test::ModelCase;
using engine::test::take_batch;
using test::Hold;
using test::lookup;
using test::send;
using namespace std::chrono_literals;

// A batcher for the lookup model.
struct Lookup {
  explicit Lookup(BatchLimits limits = {.max_batch_size = 64},
                  std::shared_ptr<MemoryBudget> memory = test::much_memory())
      : memory(std::move(memory)), batcher("lookup", session, std::move(limits), this->memory) {}
  Session session{test::parse(test::lookup_bytes())};
  std::shared_ptr<MemoryBudget> memory;
  Batcher batcher;
};

std::vector<float> values(const Response& response) {
  const auto span = response.outputs.at("y").values<float>();
  return {span.begin(), span.end()};
}

void expect_failure(std::future<Response>& answer, Code code, const std::string& message) {
  const Response response = answer.get();
  ASSERT_TRUE(response.failure);
  EXPECT_EQ(response.failure->code, code);
  EXPECT_EQ(response.failure->message, message);
  EXPECT_TRUE(response.outputs.empty());
}

// Sends random slices of the pool from several threads, each a few at a time, and compares every
// answer with what the session gives for the same slice.
void send_random_batches(const ModelCase& c, const Session& session, Batcher& batcher,
                         unsigned seed, int count) {
  std::mt19937 random(seed);
  std::vector<std::pair<Tensors, std::future<Response>>> sent;
  const auto check = [&] {
    for (auto& [inputs, answer] : sent) {
      const Response response = answer.get();
      ASSERT_FALSE(response.failure) << response.failure->message;
      EXPECT_GE(response.batch_rows, inputs.begin()->second.shape()[0]);
      EXPECT_EQ(compare_all(response.outputs, session.run(inputs)), "");
    }
    sent.clear();
  };
  for (int i = 0; i < count; ++i) {
    const Index rows = 1 + random() % 9;
    const Tensors inputs = take_batch(c, rows, static_cast<Index>(random() % c.samples));
    sent.emplace_back(inputs, send(batcher, {.inputs = inputs}));
    if (sent.size() == 5) check();
  }
  check();
}

void check_bits(const std::string& name, BatchLimits limits, int threads, int count) {
  const ModelCase c = engine::test::load_model_case(name, 50);
  const Session session(c.model);
  const auto memory = test::much_memory();
  Batcher batcher(name, session, std::move(limits), memory);
  std::vector<std::thread> senders;
  for (int t = 0; t < threads; ++t)
    senders.emplace_back([&, t] { send_random_batches(c, session, batcher, t, count); });
  for (std::thread& sender : senders) sender.join();
  const ModelStatistics statistics = batcher.statistics();
  EXPECT_EQ(statistics.success.count, static_cast<std::uint64_t>(threads * count));
  EXPECT_LE(statistics.execution_count, statistics.success.count);
  EXPECT_EQ(memory->used(), 0u);
}

TEST(Batcher, HasTheBitsOfTheSessionForManyThreads) {
  check_bits("jet_tagger", {.max_batch_size = 100}, 64, 1000);
  check_bits("jet_tagger", {.max_batch_size = 9, .instances = 3}, 8, 50);
}

TEST(Batcher, HasTheBitsOfTheSessionForImagesAndSequences) {
  check_bits("patch_cnn_nhwc", {.max_batch_size = 20}, 4, 10);
  check_bits("gru", {.max_batch_size = 100, .instances = 2}, 4, 10);
}

TEST(Batcher, RunsTogetherWhatArrivesDuringARun) {
  Lookup model;
  Hold hold(model.batcher, lookup({0}));
  auto a = send(model.batcher, lookup({1})), b = send(model.batcher, lookup({2, 3}));
  hold.release();
  const Response first = a.get(), second = b.get();
  EXPECT_EQ(values(first), (std::vector<float>{10, 11}));
  EXPECT_EQ(values(second), (std::vector<float>{20, 21, 30, 31}));
  EXPECT_EQ(first.batch_rows, 3);
  EXPECT_EQ(second.batch_rows, 3);
  const ModelStatistics statistics = model.batcher.statistics();
  EXPECT_EQ(statistics.execution_count, 2u);
  EXPECT_EQ(statistics.inference_count, 4u);
  EXPECT_EQ(statistics.success.count, 3u);
  EXPECT_EQ(statistics.batches.at(1).compute_infer.count, 1u);
  EXPECT_EQ(statistics.batches.at(3).compute_infer.count, 1u);
  EXPECT_GT(statistics.last_inference_ms, 0u);
}

TEST(Batcher, ARequestOfMoreRowsThanAPieceIsWhole) {
  Lookup model({.max_batch_size = 1000});
  std::vector<std::int64_t> indices(333);
  for (std::size_t i = 0; i < indices.size(); ++i)
    indices[i] = static_cast<std::int64_t>(i * i % 4);
  auto answer = send(
      model.batcher,
      {.inputs = {{"i", Tensor::of<std::int64_t>({333}, std::span<const std::int64_t>(indices))}}});
  const std::vector<float> got = values(answer.get());
  ASSERT_EQ(got.size(), 666u);
  for (std::size_t i = 0; i < indices.size(); ++i)
    EXPECT_EQ(got[2 * i], static_cast<float>(10 * indices[i])) << i;
}

TEST(Batcher, GivesTheOutputsThatAreAskedFor) {
  Lookup model;
  Request request = lookup({1});
  request.outputs = {"y", "y"};
  EXPECT_EQ(send(model.batcher, request).get().outputs.size(), 1u);
  request.outputs = {"z"};
  auto answer = send(model.batcher, request);
  expect_failure(answer, Code::kInvalidArgument,
                 "unexpected inference output 'z' for model 'lookup'");
}

TEST(Batcher, AFailureStaysWithWhoCausedIt) {
  Lookup model;
  Hold hold(model.batcher, lookup({0}));
  auto good = send(model.batcher, lookup({1})), bad = send(model.batcher, lookup({7})),
       other = send(model.batcher, lookup({3}));
  hold.release();
  EXPECT_EQ(values(good.get()), (std::vector<float>{10, 11}));
  const Response failed = bad.get();
  ASSERT_TRUE(failed.failure);
  EXPECT_EQ(failed.failure->code, Code::kInvalidArgument);
  EXPECT_NE(failed.failure->message.find("7"), std::string::npos) << failed.failure->message;
  EXPECT_EQ(values(other.get()), (std::vector<float>{30, 31}));
  const ModelStatistics statistics = model.batcher.statistics();
  EXPECT_EQ(statistics.fail.count, 1u);
  EXPECT_EQ(statistics.failures[static_cast<std::size_t>(Reason::kBackend)], 1u);
}

TEST(Batcher, RefusesWhatDoesNotFitBeforeItIsQueued) {
  Lookup model({.max_batch_size = 2});
  const auto refused = [&](Request request, const std::string& message) {
    auto answer = send(model.batcher, std::move(request));
    ASSERT_EQ(answer.wait_for(0s), std::future_status::ready) << message;
    expect_failure(answer, Code::kInvalidArgument, message);
  };
  const Hold hold(model.batcher, lookup({0}));
  refused({},
          "expected 1 inputs but got 0 inputs for model 'lookup'. Got input(s) [], but missing "
          "required input(s) ['i']");
  refused({.inputs = {{"j\n", Tensor::scalar<std::int64_t>(1)}}},
          "unexpected inference input 'j\\x0a' for model 'lookup'");
  refused({.inputs = {{"i", Tensor::of<float>({1}, {1})}}},
          "inference input 'i' data-type is 'FP32', but model 'lookup' expects 'INT64'");
  refused({.inputs = {{"i", Tensor::of<std::int64_t>({1, 1}, {1})}}},
          "unexpected shape for input 'i' for model 'lookup'. Expected [-1], got [1,1]. NOTE: the "
          "first value of the shape is the batch dimension");
  refused({.inputs = {{"i", Tensor::scalar<std::int64_t>(1)}}},
          "input 'i' has no shape but model requires batch dimension for 'lookup'");
  refused(lookup({1, 2, 3}), "inference request batch-size must be <= 2 for 'lookup'");
  refused({.inputs = {{"i", Tensor(DType::kInt64, {0})}}},
          "inference request batch-size must be at least 1 for 'lookup'");
  EXPECT_EQ(model.batcher.queued(), 0u);
  EXPECT_EQ(model.batcher.statistics().fail.count, 0u);
}

TEST(Batcher, RefusesAtOnceWhenItsQueueIsFull) {
  Lookup model({.max_batch_size = 4, .default_queue_policy = {.max_queue_size = 2}});
  Hold hold(model.batcher, lookup({0}));
  auto a = send(model.batcher, lookup({1})), b = send(model.batcher, lookup({2})),
       c = send(model.batcher, lookup({3}));
  ASSERT_EQ(c.wait_for(0s), std::future_status::ready);
  expect_failure(c, Code::kUnavailable,
                 "Exceeds maximum queue size (2 requests wait; try again later)");
  hold.release();
  EXPECT_FALSE(a.get().failure);
  EXPECT_FALSE(b.get().failure);
  EXPECT_EQ(model.batcher.statistics().failures[static_cast<std::size_t>(Reason::kRejected)], 1u);
}

TEST(Batcher, RefusesWhatDoesNotFitIntoMemory) {
  Lookup model({.max_batch_size = 1000}, std::make_shared<MemoryBudget>(4096));
  auto large = send(model.batcher, {.inputs = {{"i", Tensor(DType::kInt64, {500})}}});
  expect_failure(large, Code::kUnavailable,
                 "the requests of this server hold the memory that they may (4096 bytes; try again "
                 "later)");
  EXPECT_FALSE(send(model.batcher, lookup({1})).get().failure);
  EXPECT_EQ(model.memory->used(), 0u);
}

TEST(Batcher, DoesNotRunWhatIsPastItsDeadline) {
  Lookup model;
  const Hold hold(model.batcher, lookup({0}));
  Request late = lookup({1});
  late.deadline = std::chrono::steady_clock::now() + 1ms;
  auto answer = send(model.batcher, std::move(late));
  expect_failure(answer, Code::kDeadlineExceeded,
                 "the deadline passed before the request was begun");  // while the thread is held
  EXPECT_EQ(model.batcher.statistics().execution_count, 1u);
  EXPECT_EQ(model.batcher.queued(), 0u);
}

TEST(Batcher, AnswersWhatItsPolicyTimesOut) {
  Lookup model({.max_batch_size = 4, .default_queue_policy = {.default_timeout = 1ms}});
  const Hold hold(model.batcher, lookup({0}));
  auto answer = send(model.batcher, lookup({1}));
  expect_failure(answer, Code::kUnavailable, "Request timeout expired");
}

TEST(Batcher, CancelsWhatIsQueued) {
  Lookup model;
  Hold hold(model.batcher, lookup({0}));
  Ticket first, second;
  auto a = send(model.batcher, lookup({1}), &first), b = send(model.batcher, lookup({2}), &second);
  EXPECT_TRUE(model.batcher.cancel(first));
  EXPECT_FALSE(model.batcher.cancel(first));
  EXPECT_FALSE(model.batcher.cancel({}));
  expect_failure(a, Code::kCancelled, "the request was cancelled");
  hold.release();
  EXPECT_EQ(values(b.get()), (std::vector<float>{20, 21}));
  EXPECT_FALSE(model.batcher.cancel(second));
  EXPECT_EQ(model.batcher.statistics().cancel.count, 1u);
  EXPECT_EQ(model.batcher.statistics().inference_count, 2u);
}

TEST(Batcher, AnswersEachOnceWhenAllIsCancelledAndStoppedUnderLoad) {
  Lookup model({.max_batch_size = 8, .max_queue_delay = 50us, .instances = 2});
  constexpr int kThreads = 4, kEach = 500;
  std::atomic<int> answered = 0, good = 0, refused = 0;
  std::vector<std::thread> senders;
  for (int t = 0; t < kThreads; ++t)
    senders.emplace_back([&, t] {
      std::mt19937 random(t);
      for (int i = 0; i < kEach; ++i) {
        Request request = lookup({i % 4});
        if (i % 7 == 0) request.deadline = std::chrono::steady_clock::now() + 20us;
        const Ticket ticket = model.batcher.submit(std::move(request), [&](Response response) {
          ++answered;
          if (!response.failure) ++good;
          else if (response.failure->code == Code::kUnavailable) ++refused;
        });
        if (random() % 5 == 0) model.batcher.cancel(ticket);
      }
    });
  while (good < 20) std::this_thread::yield();
  model.batcher.stop();
  for (std::thread& sender : senders) sender.join();
  EXPECT_EQ(answered, kThreads * kEach);
  EXPECT_EQ(model.memory->used(), 0u);
  EXPECT_EQ(model.batcher.statistics().success.count, static_cast<std::uint64_t>(good));
}

TEST(Batcher, FinishesWhatItAcceptedWhenStopped) {
  Lookup model({.max_batch_size = 4, .max_queue_delay = 1h});  // nothing would run by itself
  std::vector<std::future<Response>> answers;
  for (int i = 0; i < 3; ++i) answers.push_back(send(model.batcher, lookup({i})));
  model.batcher.stop();
  for (auto& answer : answers) EXPECT_FALSE(answer.get().failure);
  auto late = send(model.batcher, lookup({1}));
  expect_failure(late, Code::kUnavailable, "the model is being unloaded");
}

TEST(Batcher, GivesUpWhatHasNotBegunWhenTimeIsOver) {
  Lookup model;
  Hold hold(model.batcher, lookup({0}));
  auto answer = send(model.batcher, lookup({1}));
  std::thread stopper([&] { model.batcher.stop(std::chrono::steady_clock::now()); });
  expect_failure(answer, Code::kUnavailable, "the model was unloaded before the request was begun");
  hold.release();
  stopper.join();
}

TEST(Batcher, ACallbackMaySubmitMore) {
  Lookup model;
  std::promise<Response> last;
  model.batcher.submit(lookup({1}), [&](Response) {
    model.batcher.submit(lookup({2}),
                         [&](Response response) { last.set_value(std::move(response)); });
  });
  EXPECT_EQ(values(last.get_future().get()), (std::vector<float>{20, 21}));
}

TEST(Batcher, LeavesARequestAsItCameIfItIsBeingUnloaded) {
  const Session session(test::parse(test::lookup_bytes()));
  ServedTensors tensors = ServedTensors::of(session.model());
  Dimension one;
  one.size = 1;
  tensors.inputs[0].shape.push_back(one);
  tensors.input_reshapes["i"] = {.client = {-1, 1}, .model = {-1}};
  Batcher batcher("lookup", session, {.max_batch_size = 4}, test::much_memory(), tensors);
  const Request like = {.inputs = {{"i", Tensor::of<std::int64_t>({2, 1}, {1, 2})}}};
  EXPECT_EQ(values(send(batcher, like).get()), (std::vector<float>{10, 11, 20, 21}));
  batcher.stop();
  Request request = like;
  OnDone on_done = [](Response) { ADD_FAILURE() << "it stays with the caller"; };
  EXPECT_FALSE(batcher.try_submit(request, on_done));
  EXPECT_EQ(request.inputs.at("i").shape(), (Shape{2, 1}));
}

// Sends as protocols do that call `help`.
std::future<Response> send_helped(Batcher& batcher, std::int64_t index) {
  Request request = lookup({index});
  request.helped = true;
  return send(batcher, std::move(request));
}

bool is_ready(const std::future<Response>& answer) {
  return answer.wait_for(0s) == std::future_status::ready;
}

TEST(Batcher, AShortModelRunsWhereItIsHelped) {
  Lookup model;
  // The model's own thread runs it until it is known to be short.
  for (int i = 0; i < 50; ++i) send(model.batcher, lookup({1})).get();
  // A thread that has just answered counts as running for a moment, and a run may be a slow one.
  bool on_helper = false;
  for (int i = 0; i < 5000 && !on_helper; ++i) {
    std::this_thread::sleep_for(100us);
    auto answer = send_helped(model.batcher, 2);
    model.batcher.help();
    on_helper = is_ready(answer);
    EXPECT_EQ(values(answer.get()), (std::vector<float>{20, 21}));
  }
  EXPECT_TRUE(on_helper);
  model.batcher.help();  // nothing waits
}

TEST(Batcher, HelpedRequestsShareABatch) {
  Lookup model({.max_batch_size = 4});
  for (int i = 0; i < 50; ++i) send(model.batcher, lookup({0, 1, 2, 3})).get();
  const auto before = model.batcher.statistics().execution_count;
  std::vector<std::future<Response>> answers;
  for (int i = 0; i < 4; ++i) answers.push_back(send_helped(model.batcher, i));
  model.batcher.help();
  for (int i = 0; i < 4; ++i)
    EXPECT_EQ(values(answers[static_cast<std::size_t>(i)].get())[0], 10 * i);
  EXPECT_LE(model.batcher.statistics().execution_count - before, 4u);
}

TEST(Batcher, HelpersAndThreadsAnswerEachOnce) {
  for (const int instances : {1, 2}) {
    Lookup model({.max_batch_size = 8, .instances = instances});
    constexpr int kThreads = 4, kEach = 2000;
    std::atomic<int> good = 0, bad = 0;
    std::vector<std::thread> senders;
    for (int t = 0; t < kThreads; ++t)
      senders.emplace_back([&, helped = t % 2 == 0] {
        for (int i = 0; i < kEach; ++i) {
          Request request = lookup({i % 4});
          request.helped = helped;
          model.batcher.submit(std::move(request), [&, i](Response response) {
            const bool right = !response.failure && values(response)[0] == 10.0f * (i % 4);
            ++(right ? good : bad);
          });
          if (helped && i % 3 == 0) model.batcher.help();
        }
        if (helped) model.batcher.help();
      });
    for (std::thread& sender : senders) sender.join();
    model.batcher.stop();
    EXPECT_EQ(good, kThreads * kEach);
    EXPECT_EQ(bad, 0);
    EXPECT_EQ(model.memory->used(), 0u);
  }
}

}  // namespace
}  // namespace engine::serve
