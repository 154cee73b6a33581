#include "replication/runtime/run_threads.h"

#include <array>
#include <utility>
#include <variant>

namespace walbrook::replication {

RunThreads::RunThreads(std::size_t queue_bytes, const Clock& clock)
    : clock_(clock),
      queue_(
          queue_bytes, [this] { loader_bell_.ring(); }, [this] { wake_receiver(); }),
      inbox_([this] { loader_bell_.ring(); }) {}

void RunThreads::wake_receiver() {
  if (receiving_ != nullptr) receiving_->wake();
}

void RunThreads::wake_all() {
  loader_bell_.ring();
  catalog_bell_.ring();
  wake_receiver();
}

void RunThreads::fail(std::stop_source& ending) {
  {
    const std::lock_guard lock(failure_mutex_);
    if (!failure_) failure_ = std::current_exception();
  }
  failed_ = true;
  ending.request_stop();
  wake_all();
}

template <class Body>
std::jthread RunThreads::start(std::stop_source& ending, Body body) {
  return std::jthread([this, &ending, body = std::move(body)] {
    try {
      body();
    } catch (...) {
      fail(ending);
    }
  });
}

void RunThreads::run(const Machines& machines, std::stop_source& ending) {
  receiving_ = std::make_unique<ReceiverLoop>(machines.receiver, clock_);
  {
    const std::stop_callback wake(ending.get_token(), [this] { wake_all(); });
    std::array<std::jthread, 4> threads;  // joined at the end of the block
    try {
      threads[0] = start(ending, [&] { machines.copy(ending.get_token()); });
      threads[1] = start(ending, [&] { load(machines, ending); });
      threads[2] = start(ending, [&] { receive(machines, ending); });
      threads[3] = start(ending, [&] { poll_catalog(machines.catalog_poll, ending.get_token()); });
    } catch (...) {
      fail(ending);  // the system starts no further thread, for which the running ones would wait
    }
  }
  is_over_ = true;
  if (failure_) std::rethrow_exception(failure_);
}

void RunThreads::receive(const Machines& machines, std::stop_source& ending) {
  auto& receiver = machines.receiver;
  bool is_compared = false;
  receiving_->read(ending.get_token(), [&] {
    // The loader may be at its end, except that it waits for this comparison.
    const bool was_compared = std::exchange(is_compared, receiver.is_compared());
    if (is_compared != was_compared) loader_bell_.ring();
  });
  ending.request_stop();
  receiving_->step_down([this] { return failed_.load(); });
  queue_.close();
  receiving_->answer_until([this] { return is_over(); });  // until the last batch is durable
  receiver.confirm();
}

void RunThreads::load(const Machines& machines, std::stop_source& ending) {
  auto& loader = machines.loader;
  while (!failed_) {
    for (auto& message : inbox_.take()) loader.post(std::move(message));
    const auto next = loader.step(clock_.now());
    // With nothing to apply, the loader is at its end before the stream is open. If the run ended then, a slot that is
    // behind the checkpoint would retain its log, and the stream would not be compared.
    if (loader.is_at_end() && (!machines.must_confirm || machines.receiver.is_compared())) ending.request_stop();
    if (std::holds_alternative<Done>(next)) break;
    if (const auto* wait = std::get_if<Wait>(&next)) loader_bell_.wait_until(wait->until);
  }
  is_over_ = true;
  wake_receiver();
}

void RunThreads::poll_catalog(CatalogPoll& poll, const std::stop_token& stop) {
  // A thread that waits for a poll must learn that none will come.
  struct Ended {
    CatalogPoll& poll;
    Doorbell& loader;
    ~Ended() {
      poll.end();
      loader.ring();
    }
  } const ended{poll, loader_bell_};
  while (!stop.stop_requested()) {
    try {
      const auto next = poll.step(clock_.now());
      if (const auto* wait = std::get_if<Wait>(&next)) catalog_bell_.wait_until(wait->until);
    } catch (const Error&) {
      if (!stop.stop_requested()) throw;
    }
  }
}

}  // namespace walbrook::replication
