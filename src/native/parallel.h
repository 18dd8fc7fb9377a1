// A small pool of threads for our kernels: chunks of a loop, taken in turn by the caller and the workers.
//
// TensorFlow's own pool is out of reach of its C API, and OpenMP starts a team for each thread that calls it, which
// overloads the machine as soon as two kernels of a graph run at once. Here one kernel has the pool and every other that
// comes meanwhile runs its chunks itself; the chunks are the same, so the numbers are the same.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

namespace tfjs_methods {

class Pool {
 public:
  static Pool& instance() {
    // Never destroyed: its threads may still wait when the process exits.
    static Pool* pool = new Pool(threads() - 1);
    return *pool;
  }

  // Makes the calling kernel the pool's only user, if nobody else is.
  bool take() {
    if (workers_ <= 0 || !owner_.try_lock()) return false;
    awake_.store(true, std::memory_order_release);
    return true;
  }

  void release() {
    awake_.store(false, std::memory_order_release);
    owner_.unlock();
  }

  // Calls body(chunk) once for every chunk in [0, chunks); returns when all are done. Only between take and release.
  void run(int64_t chunks, const std::function<void(int64_t)>& body) {
    auto job = std::make_shared<Job>(chunks, body);
    {
      std::lock_guard<std::mutex> lock(mutex_);
      job_ = job;
      generation_.fetch_add(1, std::memory_order_release);
    }
    wake_.notify_all();
    job->work();
    while (job->completed.load(std::memory_order_acquire) < chunks) pause();
  }

 private:
  // A worker that wakes late finds its job finished and never touches the caller's body.
  struct Job {
    Job(int64_t chunks, const std::function<void(int64_t)>& body) : chunks(chunks), body(body) {}
    void work() {
      for (int64_t chunk; (chunk = next.fetch_add(1, std::memory_order_relaxed)) < chunks;) {
        body(chunk);
        completed.fetch_add(1, std::memory_order_release);
      }
    }
    const int64_t chunks;
    const std::function<void(int64_t)>& body;
    std::atomic<int64_t> next{0}, completed{0};
  };

  // TFJS_METHODS_THREADS, else as many as the machine has.
  static int threads() {
    const char* wanted = std::getenv("TFJS_METHODS_THREADS");
    const int most = static_cast<int>(std::thread::hardware_concurrency());
    const int number = wanted == nullptr ? 0 : std::atoi(wanted);
    return number > 0 && number < most ? number : most;
  }

  explicit Pool(int workers) : workers_(workers) {
    for (int i = 0; i < workers_; ++i) std::thread([this] { loop(); }).detach();
  }

  static void pause() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#else
    std::this_thread::yield();
#endif
  }

  void loop() {
    uint64_t seen = 0;
    while (true) {
      // From pass to pass of a kernel the next job is microseconds away: waking up would take longer. Otherwise the core is
      // TensorFlow's.
      for (int spin = 0; spin < 20000 && awake_.load(std::memory_order_acquire) &&
                         generation_.load(std::memory_order_acquire) == seen;
           ++spin) {
        pause();
      }
      std::shared_ptr<Job> job;
      {
        std::unique_lock<std::mutex> lock(mutex_);
        wake_.wait(lock, [&] { return generation_.load(std::memory_order_acquire) != seen; });
        seen = generation_.load(std::memory_order_acquire);
        job = job_;
      }
      job->work();
    }
  }

  const int workers_;
  std::mutex owner_, mutex_;
  std::condition_variable wake_;
  std::atomic<bool> awake_{false};
  std::atomic<uint64_t> generation_{0};
  std::shared_ptr<Job> job_;
};

// The pool in the hands of one kernel, for as long as this lives. A kernel of several passes makes one for all of them. A
// team of one leaves the pool alone: what it computes is the same.
class Team {
 public:
  Team() : taken_(Pool::instance().take()) {}
  static Team ofOne() { return Team(false); }
  ~Team() {
    if (taken_) Pool::instance().release();
  }
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  // Splits [0, count) into ranges of at least `grain` and calls body(begin, end) for each, in parallel. The ranges depend
  // on count and grain alone, never on the number of threads.
  template <class Body>
  void parallelFor(int64_t count, int64_t grain, Body&& body) {
    const int64_t chunks = (count + grain - 1) / grain;
    const auto chunkBody = [&](int64_t chunk) {
      const int64_t begin = chunk * grain;
      body(begin, begin + grain < count ? begin + grain : count);
    };
    if (taken_ && chunks > 1) return Pool::instance().run(chunks, chunkBody);
    for (int64_t chunk = 0; chunk < chunks; ++chunk) chunkBody(chunk);
  }

 private:
  explicit Team(bool taken) : taken_(taken) {}

  const bool taken_;
};

template <class Body>
void parallelFor(int64_t count, int64_t grain, Body&& body) {
  // Waking a worker for one chunk would only disturb.
  if (count <= grain) {
    if (count > 0) body(int64_t{0}, count);
    return;
  }
  Team().parallelFor(count, grain, body);
}

}  // namespace tfjs_methods
