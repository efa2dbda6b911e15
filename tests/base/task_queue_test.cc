#include "base/task_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>
#include <vector>

namespace engine {
namespace {

TEST(ConcurrencyTaskQueue, RunsInOrderAndDrainsBeforeItGoes) {
  std::vector<int> seen;
  {
    TaskQueue queue;
    for (int i = 0; i < 100; ++i) queue.submit([&seen, i] { seen.push_back(i); });
  }
  ASSERT_EQ(seen.size(), 100u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(seen[static_cast<std::size_t>(i)], i);
}

TEST(ConcurrencyTaskQueue, MayGoFromWithinATask) {
  std::promise<int> done;
  auto queue = std::make_shared<TaskQueue>();
  auto ran = std::make_shared<std::atomic<int>>(0);
  std::promise<void> ready;
  TaskQueue* raw = queue.get();
  raw->submit([owner = queue, &ready]() mutable {
    ready.get_future().wait();
    owner.reset();  // the last owner: the queue goes here, with tasks still in it
  });
  for (int i = 0; i < 5; ++i) raw->submit([ran] { ++*ran; });
  raw->submit([ran, &done] { done.set_value(*ran); });
  queue.reset();
  ready.set_value();
  EXPECT_EQ(done.get_future().get(), 5);
}

TEST(ConcurrencyTaskQueue, WaitsForTasksThatItExpects) {
  std::vector<int> seen;
  std::thread other;
  {
    TaskQueue queue;
    queue.expect();
    other = std::thread([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));  // the queue is closing by now
      queue.submit_expected([&] { seen.push_back(1); });
    });
  }
  EXPECT_EQ(seen, std::vector{1});
  other.join();
}

}  // namespace
}  // namespace engine
