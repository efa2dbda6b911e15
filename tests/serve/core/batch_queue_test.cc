// Which requests run together and when, at times that the tests make up.
#include "serve/core/batch_queue.h"

#include <gtest/gtest.h>

namespace engine::serve {
namespace {

using std::chrono::microseconds;

const Time kStart{std::chrono::hours(1)};
Time at(int us) { return kStart + microseconds(us); }

PendingPtr request(Index rows, std::vector<Index> shapes = {2, 16}) {
  auto pending = std::make_shared<Pending>();
  pending->rows = rows;
  pending->shapes = std::move(shapes);
  return pending;
}

PendingPtr with_priority(std::uint64_t priority) {
  auto pending = request(1);
  pending->request.priority = priority;
  return pending;
}

// Pushes requests of these rows, all at the start.
std::vector<PendingPtr> push(BatchQueue& queue, const std::vector<Index>& rows) {
  std::vector<PendingPtr> list;
  for (const Index n : rows) {
    list.push_back(request(n));
    EXPECT_FALSE(queue.push(list.back(), kStart));
  }
  return list;
}

std::vector<Index> rows_of(const std::vector<PendingPtr>& batch) {
  std::vector<Index> rows;
  for (const PendingPtr& pending : batch) rows.push_back(pending->rows);
  return rows;
}

std::vector<Index> next(BatchQueue& queue, Time now) {
  Time wake;
  return rows_of(queue.take_batch(now, wake));
}

using Rows = std::vector<Index>;

TEST(BatchQueue, RunsWhatIsThereWithoutADelay) {
  BatchQueue queue({.max_batch_size = 8});
  push(queue, {1, 2, 3});
  EXPECT_EQ(next(queue, kStart), (Rows{1, 2, 3}));
  EXPECT_EQ(queue.size(), 0u);
  Time wake;
  EXPECT_TRUE(queue.take_batch(kStart, wake).empty());
  EXPECT_EQ(wake, Time::max());
}

TEST(BatchQueue, NeverPassesTheLargestBatch) {
  BatchQueue queue({.max_batch_size = 8});
  push(queue, {3, 4, 5, 8, 1});
  EXPECT_EQ(next(queue, kStart), (Rows{3, 4}));
  EXPECT_EQ(next(queue, kStart), (Rows{5}));
  EXPECT_EQ(next(queue, kStart), (Rows{8}));
  EXPECT_EQ(next(queue, kStart), (Rows{1}));
}

TEST(BatchQueue, TakesOneByOneWhatCannotBeBatched) {
  BatchQueue queue({.max_batch_size = 0, .max_queue_delay = microseconds(100)});
  push(queue, {1, 1});
  EXPECT_EQ(next(queue, kStart), (Rows{1}));
  EXPECT_EQ(next(queue, kStart), (Rows{1}));
}

TEST(BatchQueue, WaitsForMoreUntilTheDelayOfTheOldest) {
  BatchQueue queue({.max_batch_size = 8, .max_queue_delay = microseconds(100)});
  queue.push(request(2), at(0));
  queue.push(request(1), at(60));
  Time wake;
  EXPECT_TRUE(queue.take_batch(at(60), wake).empty());
  EXPECT_EQ(wake, at(100));
  EXPECT_TRUE(queue.take_batch(at(99), wake).empty());
  EXPECT_EQ(rows_of(queue.take_batch(at(100), wake)), (Rows{2, 1}));
}

TEST(BatchQueue, AFullBatchDoesNotWait) {
  BatchQueue queue({.max_batch_size = 4, .max_queue_delay = microseconds(100)});
  push(queue, {2, 2, 1});
  EXPECT_EQ(next(queue, kStart), (Rows{2, 2}));
  EXPECT_EQ(next(queue, kStart), (Rows{}));
}

TEST(BatchQueue, NothingWaitsWhenAllMustGo) {
  BatchQueue queue({.max_batch_size = 4, .max_queue_delay = microseconds(100)});
  push(queue, {1});
  Time wake;
  EXPECT_EQ(rows_of(queue.take_batch(kStart, wake, true)), (Rows{1}));
}

TEST(BatchQueue, PrefersTheLargestSizeThatIsThere) {
  BatchQueue queue(
      {.max_batch_size = 64, .preferred_batch_size = {8, 4}, .max_queue_delay = microseconds(100)});
  push(queue, {1, 1, 2, 2, 1});
  EXPECT_EQ(next(queue, kStart), (Rows{1, 1, 2}));  // 4; 8 is not reached
  EXPECT_EQ(next(queue, kStart), (Rows{}));         // 3 wait for the delay
  EXPECT_EQ(next(queue, at(100)), (Rows{2, 1}));
  push(queue, {4, 4, 4});
  EXPECT_EQ(next(queue, kStart), (Rows{4, 4}));
}

TEST(BatchQueue, StaysBelowThePreferredSizesThatItCannotMeet) {
  BatchQueue queue(
      {.max_batch_size = 64, .preferred_batch_size = {8}, .max_queue_delay = microseconds(100)});
  push(queue, {3, 3, 3, 20});
  EXPECT_EQ(next(queue, kStart), (Rows{3, 3}));
  EXPECT_EQ(next(queue, kStart), (Rows{3}));
  EXPECT_EQ(next(queue, kStart), (Rows{20}));
}

TEST(BatchQueue, OtherShapesGoIntoOtherBatchesAndNoneWaitsForThem) {
  BatchQueue queue({.max_batch_size = 8, .max_queue_delay = microseconds(100)});
  queue.push(request(1, {2, 16}), kStart);
  queue.push(request(2, {2, 17}), kStart);
  queue.push(request(3, {2, 16}), kStart);
  EXPECT_EQ(next(queue, kStart), (Rows{1, 3}));
  EXPECT_EQ(next(queue, kStart), (Rows{}));
  EXPECT_EQ(next(queue, at(100)), (Rows{2}));
}

TEST(BatchQueue, NothingOvertakesWhereOrderIsPreserved) {
  BatchQueue queue({.max_batch_size = 8, .preserve_ordering = true});
  queue.push(request(1, {2, 16}), kStart);
  queue.push(request(2, {2, 17}), kStart);
  queue.push(request(3, {2, 16}), kStart);
  EXPECT_EQ(next(queue, kStart), (Rows{1}));
  EXPECT_EQ(next(queue, kStart), (Rows{2}));
  EXPECT_EQ(next(queue, kStart), (Rows{3}));
}

TEST(BatchQueue, ServesPriorityOneFirst) {
  BatchQueue queue({.max_batch_size = 2, .priority_levels = 3, .default_priority_level = 2});
  std::vector<PendingPtr> sent;
  for (const std::uint64_t priority : {3, 2, 1, 0, 9}) {  // 0 and 9 mean the default
    sent.push_back(with_priority(priority));
    queue.push(sent.back(), kStart);
  }
  Time wake;
  EXPECT_EQ(queue.take_batch(kStart, wake), (std::vector{sent[2], sent[1]}));
  EXPECT_EQ(queue.take_batch(kStart, wake), (std::vector{sent[3], sent[4]}));
  EXPECT_EQ(queue.take_batch(kStart, wake), (std::vector{sent[0]}));
}

TEST(BatchQueue, RefusesBeyondTheSizeOfALevel) {
  BatchQueue queue({.max_batch_size = 2,
                    .priority_levels = 2,
                    .default_priority_level = 2,
                    .default_queue_policy = {.max_queue_size = 1}});
  EXPECT_FALSE(queue.push(with_priority(2), kStart));
  const auto failure = queue.push(with_priority(2), kStart);
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->code, Code::kUnavailable);
  EXPECT_EQ(failure->message, "Exceeds maximum queue size (1 requests wait; try again later)");
  EXPECT_FALSE(queue.push(with_priority(1), kStart));
  EXPECT_EQ(queue.size(), 2u);
}

TEST(BatchQueue, GivesUpWhatIsPastItsDeadline) {
  BatchQueue queue({.max_batch_size = 8});
  const PendingPtr late = request(1), good = request(2);
  late->request.deadline = at(50);
  queue.push(late, kStart);
  queue.push(good, kStart);
  EXPECT_EQ(queue.next_expiry(), at(50));
  EXPECT_TRUE(queue.take_expired(at(49)).empty());
  EXPECT_EQ(queue.take_expired(at(50)), std::vector{late});
  EXPECT_EQ(queue.next_expiry(), Time::max());
  EXPECT_EQ(next(queue, at(50)), (Rows{2}));
}

TEST(BatchQueue, ARequestMayOnlyShortenThePolicysTimeout) {
  BatchQueue queue({.max_batch_size = 8,
                    .default_queue_policy = {.default_timeout = microseconds(100),
                                             .allow_timeout_override = true}});
  const PendingPtr shorter = request(1), longer = request(1);
  shorter->request.timeout = microseconds(40);
  longer->request.timeout = microseconds(400);
  queue.push(shorter, kStart);
  queue.push(longer, kStart);
  EXPECT_EQ(queue.take_expired(at(40)), std::vector{shorter});
  EXPECT_EQ(queue.take_expired(at(100)), std::vector{longer});
}

TEST(BatchQueue, WithoutTheRightToOverrideThePolicyDecides) {
  BatchQueue queue(
      {.max_batch_size = 8, .default_queue_policy = {.default_timeout = microseconds(100)}});
  const PendingPtr pending = request(1);
  pending->request.timeout = microseconds(40);
  queue.push(pending, kStart);
  EXPECT_EQ(queue.next_expiry(), at(100));
}

TEST(BatchQueue, DelaysInsteadOfRejecting) {
  BatchQueue queue({.max_batch_size = 1,
                    .default_queue_policy = {.timeout_action = TimeoutAction::kDelay,
                                             .default_timeout = microseconds(100)}});
  const PendingPtr old = request(1), fresh = request(1);
  old->request.deadline = at(500);
  queue.push(old, kStart);
  queue.push(fresh, at(90));
  EXPECT_TRUE(queue.take_expired(at(100)).empty());
  EXPECT_EQ(queue.next_expiry(), at(190));
  Time wake;
  EXPECT_EQ(queue.take_batch(at(100), wake), std::vector{fresh});
  EXPECT_EQ(queue.next_expiry(), at(500));
  EXPECT_EQ(queue.take_expired(at(500)), std::vector{old});
}

TEST(BatchQueue, RemovesOnce) {
  BatchQueue queue({.max_batch_size = 8});
  const std::vector<PendingPtr> list = push(queue, {1, 2, 3});
  EXPECT_TRUE(queue.remove(list[1]));
  EXPECT_FALSE(queue.remove(list[1]));
  EXPECT_EQ(next(queue, kStart), (Rows{1, 3}));
  EXPECT_FALSE(queue.remove(list[0]));
}

}  // namespace
}  // namespace engine::serve
