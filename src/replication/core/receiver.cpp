#include "replication/core/receiver.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "postgres/connection/failure_consequence.h"
#include "postgres/connection/outage.h"
#include "postgres/stream/walsender_stream.h"

namespace walbrook::replication {
namespace {

constexpr int frames_per_step = 4096;  // then feedback and the queue have their turn
// Longer than any wait needs to be: the receiver is woken by what it waits for.
constexpr milliseconds longest_wait{10'000};
constexpr milliseconds first_reconnect{100};
constexpr milliseconds longest_reconnect{5'000};
constexpr milliseconds longest_hold{10'000};  // longer than an idle position waits to become the checkpoint
constexpr milliseconds lasting{10'000};       // a stream that was open for this long is no failed attempt

Error cannot_be_sent(const Error& why, Lsn commit) {
  const auto lsn = commit.to_string();
  Error error(
      ErrorKind::data, fmt::format("the server cannot send the transaction that commits at {}: {}", lsn, why.cause()),
      remedy("Everything before it is applied. {} skips it and resyncs every table of the publication; {} resyncs that "
             "table alone, where you know which ones it changed.",
             TakeAction{RemedyAction::skip_transaction, lsn}, SetOption{RemedyOption::only, "TABLE"}),
      why.facts());
  error.add_facts({.lsn = lsn});
  return error;
}

}  // namespace

Receiver::Receiver(const ReceiverOptions& options, OpenStream open, TypeCatalog& types, const TableGroups& groups,
                   BatchSink& queue, const std::atomic<std::uint64_t>& durable)
    : options_(options),
      open_(std::move(open)),
      types_(types),
      groups_(groups),
      queue_(queue),
      durable_(durable),
      limits_{.binary = options.binary},
      last_(options.assembler.last) {}

Next Receiver::step(Now now) {
  const auto at = now.steady;
  try {
    if (source_failure_) std::rethrow_exception(std::exchange(source_failure_, nullptr));
    return work(at);
  } catch (const NeedsText& needs) {
    obstacle_ = {.error = needs, .commit = {}};
  } catch (const postgres::CannotSend& refused) {
    if (assembler_ == std::nullopt || !assembler_->open_commit().is_set()) throw;
    obstacle_ = {.error = refused, .commit = assembler_->open_commit()};
  } catch (const postgres::CannotConvert& refused) {
    spdlog::info("{}; text is read as the database stores it", refused.cause());
    limits_.as_stored = true;
    ask_again(at);
  } catch (const postgres::CannotStream& cannot) {
    spdlog::info("{}; transactions are read when they have committed", cannot.cause());
    limits_.whole = true;
    ask_again(at);
  } catch (const OtherHistory& other) {
    look_for_alteration(at, other);
  } catch (Error& failed) {
    if (durable().is_set()) failed.add_facts({.lsn = durable().to_string()});
    const bool final = dynamic_cast<const postgres::Stopped*>(&failed) != nullptr ||
                       dynamic_cast<const postgres::WaitOver*>(&failed) != nullptr;
    // The third argument: these connections have succeeded before, when the run was prepared.
    if (final || postgres::consequence_of(failed, postgres::Asked::stream, true) != postgres::Consequence::wait) throw;
    lose(at, failed);
  }
  return RunAgain{};
}

Next Receiver::work(SteadyTime now) {
  if (obstacle_) return change_form(now);
  if (reader_ == nullptr) return connect(now);
  let_shut_down(now);
  reader_->confirm(confirmable());
  if (!push_pending()) return Wait{.until = reader_->answer_due(), .what = Awaited::room};
  return read(now);
}

// A server that shuts down first waits until everything that it sent is confirmed, without a limit. It need not wait
// for a destination that is away: what is not confirmed comes again.
void Receiver::let_shut_down(SteadyTime now) {
  if (!options_.shuts_down || !options_.shuts_down()) return held_since_.reset();
  if (!held_since_ || held_at_ != durable()) {
    held_since_ = now;
    held_at_ = durable();
  }
  if (now - *held_since_ < longest_hold) return;
  held_since_.reset();
  throw Error(ErrorKind::connection, "the server is shutting down, and what it sent could not be applied yet");
}

// A stream that breaks as soon as it is opened continues the loss before it: its time counts from there.
void Receiver::lose(SteadyTime now, const Error& why) {
  const bool lasted = reader_ != nullptr && (failures_ == 0 || now - opened_at_ >= lasting);
  disconnect(now);
  if (lasted || !lost_at_) {
    lost_at_ = now;
    logged_.clear();
  }
  if (options_.reconnect_timeout && now - *lost_at_ >= *options_.reconnect_timeout) throw Error(why);
  if (std::exchange(logged_, why.cause()) != why.cause()) spdlog::warn("{}; trying again", why.cause());
}

// A row of more than 1 GB as text may be smaller in binary, and a binary value may have no parser here: the other form
// is tried. If neither leads further, the transaction can only be skipped, which the user has to decide.
Next Receiver::change_form(SteadyTime now) {
  if (!pending_) pending_ = assembler_->cut();
  if (!push_pending() || !queue_.is_drained()) return Wait{.until = now + longest_wait, .what = Awaited::room};
  const auto obstacle = *std::exchange(obstacle_, std::nullopt);
  if (obstacle.commit.is_set() && obstacle.commit < durable()) {
    // The transaction came in the other form and is durable; now it was sent for the comparison only, since the slot is
    // at an older position.
    spdlog::info("{}; the stream begins at the checkpoint and is not compared", obstacle.error.cause());
    last_ = {};
    ask_again(now);
    return RunAgain{};
  }
  if (tried_at_ != durable()) {
    tried_at_ = durable();
    tried_text_ = tried_binary_ = false;
    refused_.reset();
  }
  const bool needs_text = !obstacle.commit.is_set();
  const bool was_binary = needs_text || limits_.binary;
  (was_binary ? tried_binary_ : tried_text_) = true;
  if (obstacle.commit.is_set()) refused_ = obstacle;
  if (refused_ && (was_binary ? tried_text_ : tried_binary_)) throw cannot_be_sent(refused_->error, refused_->commit);
  spdlog::info("{}; the stream is asked for in {}", obstacle.error.cause(), was_binary ? "text" : "binary");
  limits_.binary = !was_binary;
  ask_again(now);
  return RunAgain{};
}

// PostgreSQL decodes with the catalog as of each change, but not in every respect: after ALTER PUBLICATION it may
// decode a transaction differently than before. Without certainty the stream is not refused.
void Receiver::look_for_alteration(SteadyTime now, const OtherHistory& other) {
  if (other.since() == 0 || !options_.altered_since) throw OtherHistory(other);
  try {
    if (!options_.altered_since(other.since())) throw OtherHistory(other);
  } catch (const postgres::Stopped&) {
    throw;
  } catch (const Error& failed) {
    if (postgres::consequence_of(failed, postgres::Asked::catalog, true) != postgres::Consequence::wait) throw;
    lose(now, failed);
    return;
  }
  spdlog::warn("{}; the publication was altered meanwhile, which may be the reason: the stream is not compared",
               other.cause());
  last_ = {};
  ask_again(now);
}

Next Receiver::connect(SteadyTime now) {
  if (now < retry_at_) return Wait{.until = retry_at_, .what = Awaited::retry};
  // Everything that was pushed must be durable first: the stream starts again at the checkpoint. Then StreamRestart
  // makes the loader discard the spooled parts of open transactions, which come again.
  const Wait room{.until = now + longest_wait, .what = Awaited::room};
  if (!queue_.is_drained()) return room;
  if (!fresh_) {
    Batch restart = StreamRestart{};
    fresh_ = queue_.try_push(restart);
    return room;
  }
  auto options = options_.assembler;
  options.checkpoint = durable();
  options.last = last_;
  auto reader = open_({.checkpoint = options.checkpoint, .compare_from = last_.commit_lsn}, limits_);
  options.begins_at = reader->begins_at();
  options.parsing.text = reader->encoding();
  assembler_.emplace(options, types_, groups_);
  opened_at_ = now;
  compared_ = assembler_->is_compared();
  const std::lock_guard lock(reader_mutex_);
  reader_ = std::move(reader);
  return RunAgain{};
}

// The stream is requested again in another form: nothing has failed, so there is no wait.
void Receiver::ask_again(SteadyTime now) {
  disconnect(now);
  failures_ = 0;
  retry_at_ = now;
}

void Receiver::disconnect(SteadyTime now) {
  assembler_.reset();  // it borrows the reader's encoding
  {
    const std::lock_guard lock(reader_mutex_);
    reader_.reset();
  }
  compared_ = false;
  pending_.reset();
  oldest_commit_time_ = 0;
  fresh_ = false;
  const auto backoff = std::min(longest_reconnect, first_reconnect * (1 << std::min(failures_, 10)));
  ++failures_;
  retry_at_ = now + backoff;
}

Next Receiver::read(SteadyTime now) {
  const auto room = [this] { return Wait{.until = reader_->answer_due(), .what = Awaited::room}; };
  postgres::Frame frame;
  for (int i = 0; i < frames_per_step; ++i) {
    const auto polled = assembler_->reached_until() ? postgres::Poll::idle : reader_->poll(frame);
    if (polled != postgres::Poll::frame) {
      if ((polled == postgres::Poll::ended || queue_.is_drained()) && !pending_) pending_ = assembler_->cut();
      if (!push_pending()) return room();
      report_position();
      if (polled == postgres::Poll::idle) return Wait{.until = now + longest_wait, .what = Awaited::source};
      // A stream that has ended has delivered all it had; the next one begins at the checkpoint.
      ask_again(now);
      return RunAgain{};
    }
    failures_ = 0;
    const auto commits = assembler_->commits_seen();
    assembler_->feed(frame.bytes);
    while ((pending_ = assembler_->take_due())) {
      fresh_ = false;
      if (!push_pending()) return room();
    }
    if (assembler_->commits_seen() != commits && queue_.is_drained()) {
      pending_ = assembler_->cut();
      if (!push_pending()) return room();
    }
  }
  return RunAgain{};
}

bool Receiver::push_pending() {
  if (pending_) {
    fresh_ = false;
    const auto* commits = std::get_if<CommitBatch>(&*pending_);
    const auto last = commits != nullptr ? commits->last : Transaction{};
    if (!queue_.try_push(*pending_)) return false;
    if (last.commit_lsn.is_set()) last_ = last;
    pending_.reset();
    oldest_commit_time_ = assembler_->oldest_commit_time();
  }
  return true;
}

// Reports the server's position as idle position, if nothing is open and every whole commit was pushed: then everything
// before it is in the queue or durable.
void Receiver::report_position() {
  oldest_commit_time_ = assembler_->oldest_commit_time();
  assembler_->reached(reader_->position());
  compared_ = assembler_->is_compared();
  const Lsn position = std::max(reader_->position(), assembler_->position());
  received_ = position.value;
  if (!compared_) return;
  if (assembler_->reached_until()) {
    next_commit_ = assembler_->next_commit().value;
    if (!assembler_->has_commits()) reached_until_ = true;
    return;
  }
  if (options_.assembler.until && reader_->position() >= *options_.assembler.until && !assembler_->has_commits() &&
      !assembler_->in_transaction()) {
    reached_until_ = true;
    return;
  }
  if (!assembler_->in_transaction() && !assembler_->has_commits() && !pending_) queue_.set_idle_position(position);
}

// The position that the slot may move to; unset until the stream is known to continue the history of the checkpoint.
Lsn Receiver::confirmable() const {
  return options_.confirm && assembler_->is_compared() ? durable() : Lsn{};
}

bool Receiver::step_down() {
  if (reader_ == nullptr) return true;
  try {
    reader_->confirm(confirmable());
  } catch (const Error& lost) {
    spdlog::debug("while stopping: {}", lost.cause());
    return true;
  }
  if (!pending_) pending_ = assembler_->cut();
  return push_pending();
}

void Receiver::confirm() {
  if (reader_ == nullptr) return;
  try {
    reader_->confirm(confirmable());
  } catch (const Error& lost) {
    // The next run confirms it: the checkpoint is authoritative, and the slot may be at an older position.
    spdlog::debug("the last position was not confirmed: {}", lost.cause());
  }
}

void Receiver::wake() {
  const std::lock_guard lock(reader_mutex_);
  if (reader_ != nullptr) reader_->interrupt();
}

}  // namespace walbrook::replication
