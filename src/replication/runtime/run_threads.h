// The threads of a run, and how they end.
//
// Four threads run the state machines of the core: receiver, loader, catalog poll and table copier. Each sleeps until
// the time that its step returns as Next, or until another thread rings its doorbell (the receiver, which waits on the
// socket of the stream, is interrupted as well). They share the batch queue (receiver → loader), the mailboxes (catalog
// poll and table copier → loader; loader → table copier), the durable LSN (loader → receiver, one atomic) and the
// statistics. Invariants:
//   * only the loader begins loads; only the receiver uses the replication connection;
//   * the durable LSN is set after a commit and only ever grows;
//   * the receiver closes the queue, and only after it pushed its last batch; the loader ends when the queue is
//     closed and empty; the receiver ends when the loader has ended, and confirms the last position;
//   * a thread that changes what another one waits for wakes it: pushing and posting wake the loader, a commit and room
//     in the queue wake the receiver, a request wakes the catalog poll, an end wakes all.
//
// One interleaving of the end: SIGTERM comes while the loader applies batch 4 and the receiver reads into batch 5. The
// receiver stops reading, cuts batch 5 after its last whole commit, pushes it, and closes the queue. The loader commits
// 4, takes 5, commits it, and finds the queue closed. The receiver confirms the checkpoint of 5. Rows of the
// transaction that was open come again in the next run.
#pragma once

#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>

#include "replication/core/catalog_poll.h"
#include "replication/core/loader.h"
#include "replication/runtime/batch_queue.h"
#include "replication/runtime/doorbell.h"
#include "replication/runtime/mailbox.h"
#include "replication/runtime/receiver_loop.h"

namespace walbrook::replication {

class RunThreads {
 public:
  // Borrows the clock for its lifetime.
  RunThreads(std::size_t queue_bytes, const Clock& clock);
  RunThreads(const RunThreads&) = delete;
  RunThreads& operator=(const RunThreads&) = delete;

  // What the state machines are constructed with.
  [[nodiscard]] BatchQueue& queue() { return queue_; }
  [[nodiscard]] const BatchQueue& queue() const { return queue_; }
  [[nodiscard]] Mailbox<LoaderMessage>& inbox() { return inbox_; }  // of the loader
  void wake_receiver();
  void wake_catalog_poll() { catalog_bell_.ring(); }

  // All are borrowed for the call of `run`.
  struct Machines {
    Receiver& receiver;
    Loader& loader;
    CatalogPoll& catalog_poll;
    std::function<void(std::stop_token)> copy;  // body of the table copier's thread
    bool must_confirm = false;  // the run ends only after the receiver has compared the stream (Receiver::is_compared)
  };
  // Starts the threads and joins them. They end when the loader or the receiver is at its end, when a stop of `ending`
  // is requested, or with the first error of one of them, which is thrown; likewise if one of them cannot be started
  // (std::system_error). REQUIRES: it is called once.
  void run(const Machines& machines, std::stop_source& ending);
  // True when no request to the loader will be answered any more. Any thread may call it.
  [[nodiscard]] bool is_over() const { return is_over_ || failed_; }
  // Makes is_over() true for a run that never called `run`.
  void set_over() { is_over_ = true; }

 private:
  void receive(const Machines& machines, std::stop_source& ending);
  void load(const Machines& machines, std::stop_source& ending);
  void poll_catalog(CatalogPoll& poll, const std::stop_token& stop);
  void wake_all();
  void fail(std::stop_source& ending);
  // Starts a thread; an exception of its body ends the run.
  template <class Body>
  [[nodiscard]] std::jthread start(std::stop_source& ending, Body body);

  const Clock& clock_;
  Doorbell loader_bell_, catalog_bell_;
  BatchQueue queue_;
  Mailbox<LoaderMessage> inbox_;
  std::unique_ptr<ReceiverLoop> receiving_;  // created by `run`

  std::atomic<bool> is_over_{false};  // the loader has ended
  std::atomic<bool> failed_{false};
  std::mutex failure_mutex_;  // guards failure_
  std::exception_ptr failure_;
};

}  // namespace walbrook::replication
