// The receiver: source → assembler → batch queue, and the durable LSN back to the source.
//
// A state machine (next.h). While the queue is full the receiver stops reading, but still confirms. After a broken
// connection it waits until the loader has applied everything that was pushed, and starts again at the durable
// checkpoint: what it had not pushed comes again.
//
// Worked: the connection breaks while commit 0/50 is in the queue and commit 0/70 is in the assembler.
//
//   receiver   lose(): the assembler and the reader are dropped, 0/70 with them
//   loader     applies the batch with 0/50; the checkpoint 0/58 is durable; the queue is drained
//   receiver   pushes StreamRestart: the loader discards the spooled parts of open transactions
//   receiver   opens the stream at 0/58: 0/70 comes again, and so do the open transactions as a whole
//
// Threads: step(), step_down() and confirm() belong to the receiver's thread. wake() and the methods that read atomics
// may be called by any thread.
#pragma once

#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "postgres/stream/change_reader.h"
#include "replication/core/assembler.h"
#include "replication/core/batch_flow.h"
#include "replication/core/next.h"

namespace walbrook::replication {

struct ReceiverOptions {
  AssemblerOptions assembler;  // its `last` belongs to the checkpoint that the run begins with
  bool confirm = true;         // false: no position is confirmed to the server
  bool binary = false;         // the stream is first requested in binary
  // How long a lost source is waited for before the run ends; nullopt: without end.
  std::optional<milliseconds> reconnect_timeout = milliseconds(10'000);
  // Whether the publication was altered by a transaction that is newer than `xid`. Throws Error. Empty: it was not.
  std::function<bool(std::uint32_t xid)> altered_since = {};
  // Whether the server refuses new connections: while a stream of it is open, it shuts down. Empty: nobody asks it.
  std::function<bool()> shuts_down = {};
};

// How a stream is requested. A field differs from its value at the run's beginning if the server or a value made that
// necessary.
struct StreamLimits {
  bool binary = false;     // ReceiverOptions::binary, until that form leads no further
  bool whole = false;      // transactions are sent only once they have committed
  bool as_stored = false;  // text is sent in the database's own encoding
};
// Where a stream continues.
struct ResumePoint {
  Lsn checkpoint;    // the durable checkpoint
  Lsn compare_from;  // commit_lsn of the last applied transaction; unset: nothing is compared
};
using OpenStream =
    std::function<std::unique_ptr<postgres::ChangeReader>(const ResumePoint& start, const StreamLimits& limits)>;

class Receiver {
 public:
  // Borrows `types`, `groups`, `queue` and `durable` for its lifetime. `durable` is the loader's checkpoint.
  Receiver(const ReceiverOptions& options, OpenStream open, TypeCatalog& types, const TableGroups& groups,
           BatchSink& queue, const std::atomic<std::uint64_t>& durable);

  // Throws an Error that the run cannot continue after.
  [[nodiscard]] Next step(Now now);
  // Stops taking changes: pushes the whole commits that are there. Returns false if there was no room for them; the
  // caller calls it again.
  [[nodiscard]] bool step_down();
  // Confirms the last durable position to the source. Called when the loader is done.
  void confirm();

  // The open stream, for the wait that a step asks for; nullptr: there is none. If that wait throws, the exception is
  // handed to `source_failed`. Owned by the receiver and valid until the next step.
  [[nodiscard]] postgres::ChangeReader* reader() { return reader_.get(); }
  void source_failed(std::exception_ptr failure) { source_failure_ = std::move(failure); }

  // Ends a wait for the stream. Any thread.
  void wake();
  [[nodiscard]] Lsn received() const { return Lsn{received_.load()}; }
  [[nodiscard]] std::int64_t oldest_commit_time() const { return oldest_commit_time_.load(); }
  // The stream is open and continues the history that the checkpoint was made from (history_check.h): `confirm` reaches
  // the server.
  [[nodiscard]] bool is_compared() const { return compared_.load(); }
  [[nodiscard]] bool reached_until() const { return reached_until_.load(); }
  // Assembler::next_commit. REQUIRES: reached_until().
  [[nodiscard]] Lsn next_commit() const { return Lsn{next_commit_.load()}; }

 private:
  [[nodiscard]] Next work(SteadyTime now);
  [[nodiscard]] Next connect(SteadyTime now);
  void disconnect(SteadyTime now);
  void ask_again(SteadyTime now);
  void lose(SteadyTime now, const Error& why);
  void let_shut_down(SteadyTime now);
  [[nodiscard]] Next change_form(SteadyTime now);
  void look_for_alteration(SteadyTime now, const OtherHistory& other);
  [[nodiscard]] Next read(SteadyTime now);
  [[nodiscard]] bool push_pending();
  void report_position();
  [[nodiscard]] Lsn durable() const { return Lsn{durable_.load()}; }
  [[nodiscard]] Lsn confirmable() const;

  ReceiverOptions options_;
  OpenStream open_;
  TypeCatalog& types_;
  const TableGroups& groups_;
  BatchSink& queue_;
  const std::atomic<std::uint64_t>& durable_;

  std::mutex reader_mutex_;  // guards the pointer against wake(); the reader itself belongs to this thread
  std::unique_ptr<postgres::ChangeReader> reader_;
  std::exception_ptr source_failure_;  // what a wait threw, until the next step
  std::optional<Assembler> assembler_;
  std::optional<Batch> pending_;  // the batch that found no room in the queue
  StreamLimits limits_;
  // Why the stream cannot continue in its form, text or binary. The whole commits that came before are applied first. A
  // form is therefore known to be of no use if the checkpoint has not moved since the form was tried.
  struct Obstacle {
    Error error;
    Lsn commit;  // of the transaction that the server cannot send; unset: only the form cannot be read
  };
  std::optional<Obstacle> obstacle_;
  std::optional<Obstacle> refused_;  // refused by the server, at tried_at_
  Lsn tried_at_;                     // the checkpoint at which the forms below were tried
  bool tried_text_ = false;
  bool tried_binary_ = false;
  Transaction last_;   // the last pushed transaction with published changes
  bool fresh_ = true;  // false: a StreamRestart has to be pushed before the next stream is opened
  int failures_ = 0;
  SteadyTime opened_at_{};             // when the stream was opened; valid while there is one
  std::optional<SteadyTime> lost_at_;  // since when no stream has lasted; unset: one did
  std::string logged_;                 // the cause that was logged last
  SteadyTime retry_at_{};
  // While the server shuts down: since when the checkpoint is where it is.
  std::optional<SteadyTime> held_since_;
  Lsn held_at_;

  std::atomic<std::uint64_t> received_{0};
  std::atomic<std::int64_t> oldest_commit_time_{0};
  std::atomic<bool> compared_{false};
  std::atomic<bool> reached_until_{false};
  std::atomic<std::uint64_t> next_commit_{0};
};

}  // namespace walbrook::replication
