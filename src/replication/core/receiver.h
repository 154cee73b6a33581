// The receiver: source → assembler → batch queue, and the durable LSN back.
//
// A state machine (next.h). While the queue is full it stops reading, and confirms all the same. After a broken
// connection it waits until the loader has applied what was pushed, and starts again at the durable checkpoint: what it
// had not pushed comes again.
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
  AssemblerOptions assembler;  // its `last` belongs to the durable checkpoint that the run begins with
  bool confirm = true;         // false: the server is told nothing of what is durable
  bool binary = false;         // the stream is asked for in binary first
  // For how long a lost source is waited for before that ends the run; nullopt: without end.
  std::optional<milliseconds> reconnect_timeout = milliseconds(10'000);
  // Whether the publication was altered by a transaction that is newer than this one. Throws Error. Empty: it was not.
  std::function<bool(std::uint32_t xid)> altered_since = {};
};

// How a stream is asked for; what differs from the run's beginning is what the server or a value made necessary.
struct StreamLimits {
  bool binary = false;     // as ReceiverOptions::binary, until that form leads no further
  bool whole = false;      // transactions only when they have committed
  bool as_stored = false;  // text in the database's own encoding
};
// Where a stream continues.
struct ResumePoint {
  Lsn checkpoint;    // durable
  Lsn compare_from;  // commit_lsn of the last transaction that was applied; unset: nothing is to be compared
};
using OpenStream =
    std::function<std::unique_ptr<postgres::ChangeReader>(const ResumePoint& start, const StreamLimits& limits)>;

class Receiver {
 public:
  // Borrows all. `durable` is the loader's checkpoint.
  Receiver(const ReceiverOptions& options, OpenStream open, TypeCatalog& types, const TableGroups& groups,
           BatchSink& queue, const std::atomic<std::uint64_t>& durable);

  // Throws what the run cannot go on with.
  [[nodiscard]] Next step(Now now);
  // Ends the taking of changes: pushes the whole commits that are there. False: there was no room for them, call it
  // again.
  [[nodiscard]] bool step_down();
  // Tells the source the last durable position; called when the loader is done.
  void confirm();

  // The open stream, to be waited for where a step says so; nullptr: there is none. What its wait throws is handed to
  // `source_failed`. Owned by the receiver, valid until the next step.
  [[nodiscard]] postgres::ChangeReader* reader() { return reader_.get(); }
  void source_failed(std::exception_ptr failure) { source_failure_ = std::move(failure); }

  // Any thread. Ends a wait for the stream.
  void wake();
  [[nodiscard]] Lsn received() const { return Lsn{received_.load()}; }
  [[nodiscard]] std::int64_t oldest_commit_time() const { return oldest_commit_time_.load(); }
  // The stream is open and continues what the checkpoint was made from (history_check.h): `confirm` will reach the
  // server.
  [[nodiscard]] bool is_compared() const { return compared_.load(); }
  [[nodiscard]] bool reached_until() const { return reached_until_.load(); }
  // Once reached_until: Assembler::next_commit.
  [[nodiscard]] Lsn next_commit() const { return Lsn{next_commit_.load()}; }

 private:
  [[nodiscard]] Next work(SteadyTime now);
  [[nodiscard]] Next connect(SteadyTime now);
  void disconnect(SteadyTime now);
  void ask_again(SteadyTime now);
  void lose(SteadyTime now, const Error& why);
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
  std::exception_ptr source_failure_;  // of a wait
  std::optional<Assembler> assembler_;
  std::optional<Batch> pending_;  // found no room in the queue
  StreamLimits limits_;
  // Why the stream cannot go on in the form, text or binary, that it was asked for. What came whole before is applied
  // first; so that a form is known to be of no use where the checkpoint did not move since it was tried.
  struct Obstacle {
    Error error;
    Lsn commit;  // of the transaction that the server cannot send; unset: only its form cannot be read
  };
  std::optional<Obstacle> obstacle_;
  std::optional<Obstacle> refused_;  // by the server, at tried_at_
  Lsn tried_at_;                     // the checkpoint where these forms were tried
  bool tried_text_ = false;
  bool tried_binary_ = false;
  Transaction last_;   // of what was pushed: as the checkpoint knows it once the queue is drained
  bool fresh_ = true;  // nothing was pushed since the process began
  int failures_ = 0;
  SteadyTime opened_at_{};             // the stream; valid while there is one
  std::optional<SteadyTime> lost_at_;  // since when no stream has lasted
  std::string logged_;                 // why, as it was logged last
  SteadyTime retry_at_{};

  std::atomic<std::uint64_t> received_{0};
  std::atomic<std::int64_t> oldest_commit_time_{0};
  std::atomic<bool> compared_{false};
  std::atomic<bool> reached_until_{false};
  std::atomic<std::uint64_t> next_commit_{0};
};

}  // namespace walbrook::replication
