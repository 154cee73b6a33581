#include "postgres/stream/walsender_stream.h"

#include <fmt/format.h>
#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>

#include "base/bytes.h"
#include "base/descriptor.h"
#include "base/fault.h"
#include "base/publication_list.h"
#include "postgres/connection/server_text.h"
#include "postgres/connection/server_wait.h"
#include "postgres/protocol/message.h"
#include "postgres/slot/slot.h"
#include "postgres/slot/slot_error.h"
#include "postgres/stream/publication_names.h"

namespace walbrook::postgres {
namespace {

using std::chrono::microseconds;
using std::chrono::steady_clock;

// The walsender sends row by row. While rows flow, the reader lets them gather for this long. Otherwise each of them
// would wake it, which costs both sides a context switch. An idle stream is read at once. A transaction whose frames
// arrive one by one is delayed by this much at most.
constexpr microseconds gather_time(100);
constexpr int small_gulp_frames = 16;  // fewer from one recv() mean that the reader has caught up with the walsender

constexpr milliseconds active_retry(100);

constexpr int statuses_per_sender_timeout = 4;
constexpr milliseconds longest_poll(10'000);

Remedy stream_remedy(std::string_view state, const StreamOptions& options) {
  if (state == "58P01" || state == "55000") {  // undefined_file: WAL was removed; or the slot was invalidated
    return remedy("The slot can no longer be used. {} then {}.",
                  ExecuteSql{fmt::format("SELECT pg_drop_replication_slot('{}');", options.slot)}, RemedyAction::reset);
  }
  const auto publications = parse_publications(options.publication);
  if (state == "42704" && publications.size() == 1) {  // undefined_object; from 18 on the server only warns
    return remedy("Publication {} or slot {} is gone. {} copies everything again.", publications.front(), options.slot,
                  RemedyAction::reset);
  }
  if (state == "42704") {
    return remedy(
        "A publication is gone, or it was created after this change: PostgreSQL before 18 cannot decode an older "
        "change "
        "with it. Leave it out by {} until a run has applied everything; {} copies everything again.",
        RemedyOption::publication, RemedyAction::reset);
  }
  if (state == "0A000" && publications.size() > 1) {  // feature_not_supported: other column lists for one table
    return remedy(
        "Publish the same columns in each publication. A change from before that cannot be decoded with these "
        "publications: leave one out by {} until a run has applied everything; {} copies everything again.",
        RemedyOption::publication, RemedyAction::reset);
  }
  return {};
}

// Returns whether decoding a transaction and printing its rows can raise this SQLSTATE: data exceptions, limits
// exceeded ("out of memory … Cannot enlarge string buffer"), functions of types and row filters, a part of an array or
// a composite without a binary form (42883, "no binary output function available for type aclitem"), internal errors
// ("invalid memory alloc request size", "could not map filenumber … to relation OID").
bool is_about_contents(std::string_view state) {
  constexpr std::array<std::string_view, 7> classes = {"22", "38", "39", "42883", "54", "P0", "XX"};
  return std::ranges::any_of(classes, [state](std::string_view each) { return state.starts_with(each); });
}

// Returns the error with which the server ended the stream. The kinds are those of Connection::failure, except for a
// slot or publication that is gone. Throws CannotConvert, CannotStream and CannotSend.
Error stream_failure(const Connection& connection, const PGresult* result, const StreamOptions& options) {
  auto failed = connection.failure(result, fmt::format("reading slot {}", options.slot));
  failed.add_facts({.slot = options.slot, .publication = options.publication});
  const auto state = sqlstate_of(result);
  if (is_unconvertible(state) && !options.as_stored) {
    throw CannotConvert(failed.kind(), failed.cause(), failed.remedy(), failed.facts());
  }
  if (is_about_contents(state) && options.protocol >= 2 && options.streaming) {
    throw CannotStream(failed.kind(), failed.cause(), failed.remedy(), failed.facts());
  }
  if (is_about_contents(state)) throw CannotSend(failed.kind(), failed.cause(), failed.remedy(), failed.facts());
  auto remedy = stream_remedy(state, options);
  return remedy.empty() ? failed
                        : Error(ErrorKind::source_not_ready, failed.cause(), std::move(remedy), failed.facts());
}

// Each status also asks for the position, because the server sends its own keepalives only after half of
// wal_sender_timeout.
milliseconds status_interval(const StreamOptions& options, milliseconds sender_timeout) {
  if (sender_timeout.count() == 0) return options.position_interval;
  return std::min(options.position_interval, sender_timeout / statuses_per_sender_timeout);
}

// Invariants:
//   - Every frame that libpq has handed out is yielded by `poll` before a later message is examined. So `position_` may
//     adopt a keepalive's position as soon as it arrives: keepalives carry the end of the last record that the
//     walsender has decoded, and everything committed before that precedes the keepalive in the stream. Frames do not
//     move `position_`, because their LSNs lie inside transactions whose commit may not have been yielded; the caller
//     learns the end of a transaction from its Commit message.
//   - No status reports more than `durable_`, which only `confirm` sets.
class WalsenderStream final : public ChangeReader {
 public:
  WalsenderStream(Connection connection, StreamOptions options, Lsn begins_at, milliseconds sender_timeout)
      : connection_(std::move(connection)),
        options_(std::move(options)),
        begins_at_(begins_at),
        interval_(status_interval(options_, sender_timeout)),
        silence_(steady_clock::now()),
        wake_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    if (wake_.get() < 0) throw Error(ErrorKind::internal, "eventfd failed: too many open files?");
  }

  [[nodiscard]] Poll poll(Frame& out) override;
  void wait_until(SteadyTime until) override;
  void interrupt() override;
  [[nodiscard]] Lsn begins_at() const override { return begins_at_; }
  [[nodiscard]] Lsn position() const override { return position_; }
  void confirm(Lsn durable) override;
  [[nodiscard]] SteadyTime answer_due() const override { return status_sent_ + interval_; }
  [[nodiscard]] const SourceText* encoding() const override { return connection_.encoding().get(); }

 private:
  bool take_message(std::string_view message, Frame& out);
  [[nodiscard]] Error ended(int code);
  [[nodiscard]] bool gather();
  // Returns true if the socket can be read or `interrupt` was called, and false at `until`.
  bool wait_for_bytes(SteadyTime until);
  void look_for_life(bool readable);
  void sign_of_life();
  void answer(SteadyTime now);
  enum class Reply { asked_for, not_asked_for };
  void send_status(SteadyTime now, Reply reply);

  Connection connection_;
  StreamOptions options_;
  Lsn begins_at_;
  milliseconds interval_;  // longest time between two statuses
  SilenceWatch silence_;
  Descriptor wake_;
  std::unique_ptr<char, decltype(&PQfreemem)> buffer_{nullptr, &PQfreemem};  // what `Frame::bytes` views

  Lsn position_;
  Lsn durable_;   // as confirmed by the caller
  Lsn reported_;  // what the last status held
  SteadyTime status_sent_{};
  SteadyTime asked_position_{};
  bool reply_requested_ = false;                   // by the server, since the last status
  bool broken_ = false;                            // recv() failed; what is buffered is still yielded
  int frames_in_gulp_ = 0;                         // messages since the last recv()
  bool rested_ = true;                             // `idle` was returned since, so the next poll reads the socket
  bool active_ = false;                            // rows have arrived since the last wait
  std::optional<steady_clock::time_point> asked_;  // when a sign of life was requested
};

Poll WalsenderStream::poll(Frame& out) {
  bool asked_socket = false;
  for (;;) {
    char* raw = nullptr;
    const int size = PQgetCopyData(connection_.raw(), &raw, 1);
    buffer_.reset(raw);
    if (size > 0) {
      ++frames_in_gulp_;
      if (take_message({raw, static_cast<std::size_t>(size)}, out)) return Poll::frame;
      continue;
    }
    if (size < 0) throw ended(size);
    if (broken_) throw stream_failure(connection_, nullptr, options_);
    const bool caught_up = frames_in_gulp_ < small_gulp_frames;
    if (asked_socket || (caught_up && !rested_)) {
      rested_ = true;
      answer(steady_clock::now());
      return Poll::idle;
    }
    if (!rested_) answer(steady_clock::now());
    broken_ = !connection_.receive();
    asked_socket = true;
    rested_ = false;
    frames_in_gulp_ = 0;
  }
}

// XLogData:  'w' start:u64 end:u64 clock:i64 frame. https://www.postgresql.org/docs/current/protocol-replication.html
// Keepalive: 'k' end:u64 clock:i64 reply:u8
bool WalsenderStream::take_message(std::string_view message, Frame& out) {
  ByteReader in(message);
  const auto kind = in.u8();
  if (kind == 'w') {
    out.lsn = Lsn{in.u64()};
    in.u64();
    in.u64();
    if (!in.failed()) {
      active_ = true;
      out.bytes = message.substr(in.offset());
      return true;
    }
  } else if (kind == 'k') {
    const Lsn end{in.u64()};
    in.u64();
    const bool reply = in.u8() != 0;
    if (!in.failed()) {
      position_ = std::max(position_, end);
      reply_requested_ = reply_requested_ || reply;
      sign_of_life();
      return false;
    }
  }
  throw Error(ErrorKind::protocol,
              fmt::format("the walsender of {} sent a message of kind {} and {} bytes that the protocol does not know",
                          connection_.where(), static_cast<int>(kind), message.size()));
}

Error WalsenderStream::ended(int code) {
  if (code == -2) return stream_failure(connection_, nullptr, options_);
  const auto doing = "ending the stream of slot " + options_.slot;
  ServerWait wait(connection_, doing);
  for (;;) {
    const auto result = wait.result();
    const auto status = PQresultStatus(result.get());
    if (result == nullptr || PQstatus(connection_.raw()) != CONNECTION_OK || status == PGRES_COMMAND_OK) {
      if (status == PGRES_FATAL_ERROR) return stream_failure(connection_, result.get(), options_);
      return {ErrorKind::connection, fmt::format("the server ended the stream of slot {}: {} is shutting down",
                                                 options_.slot, connection_.where())};
    }
    if (status == PGRES_FATAL_ERROR) return stream_failure(connection_, result.get(), options_);
    if (status == PGRES_COPY_IN) PQputCopyEnd(connection_.raw(), nullptr);
  }
}

void WalsenderStream::sign_of_life() {
  silence_.sign_of_life(steady_clock::now());
  asked_.reset();
}

// Lets rows gather if the stream is busy. Returns false if it is idle.
bool WalsenderStream::gather() {
  if (!active_) return false;
  active_ = false;
  sign_of_life();
  pollfd wake{.fd = wake_.get(), .events = POLLIN, .revents = 0};
  const timespec time{.tv_sec = 0, .tv_nsec = std::chrono::nanoseconds(gather_time).count()};
  ppoll(&wake, 1, &time, nullptr);
  return true;
}

void WalsenderStream::wait_until(SteadyTime until) {
  const bool busy = until > steady_clock::now() && gather();
  while (!busy) {
    if (wait_for_bytes(std::min(until, answer_due()))) break;
    const auto now = steady_clock::now();
    answer(now);
    if (now >= until) break;
  }
  std::uint64_t times = 0;
  [[maybe_unused]] const auto cleared = ::read(wake_.get(), &times, sizeof times);
}

bool WalsenderStream::wait_for_bytes(SteadyTime until) {
  std::array<pollfd, 2> watched = {{{.fd = PQsocket(connection_.raw()), .events = POLLIN, .revents = 0},
                                    {.fd = wake_.get(), .events = POLLIN, .revents = 0}}};
  const auto rest = std::chrono::ceil<milliseconds>(until - steady_clock::now()).count();
  ::poll(watched.data(), watched.size(), static_cast<int>(std::clamp<std::int64_t>(rest, 0, longest_poll.count())));
  look_for_life(watched[0].revents != 0);
  return watched[0].revents != 0 || watched[1].revents != 0;
}

// Detects a peer that vanished silently. TCP's keepalives detect it too, but not if a proxy in between answers them. At
// half of the time the server is asked for a reply; a server that decodes a large transaction may be too busy to give
// it.
void WalsenderStream::look_for_life(bool readable) {
  const auto now = steady_clock::now();
  if (readable) silence_.bytes_came(now, PQsocket(connection_.raw()), connection_.where());
  const auto limit = connection_.endpoint().options().network_timeout;
  const auto silent = silence_.silent_for(now);
  if (silent < limit / 2) {
    asked_.reset();
  } else if (!asked_) {
    send_status(now, Reply::asked_for);
    asked_ = now;
  } else if (now - *asked_ > limit / 2) {
    if (!looks_at_work(connection_)) throw silence(connection_, "reading slot " + options_.slot, silent);
    silence_.sign_of_life(steady_clock::now());
  }
}

void WalsenderStream::interrupt() {
  const std::uint64_t once = 1;
  [[maybe_unused]] const auto written = ::write(wake_.get(), &once, sizeof once);
}

// A durable position is reported at once, because commits may wait for it, and a slot that does not advance holds WAL.
void WalsenderStream::confirm(Lsn durable) {
  durable_ = durable;
  answer(steady_clock::now());
}

// Sends a status if one is due.
void WalsenderStream::answer(SteadyTime now) {
  if (durable_ == reported_ && !reply_requested_ && now < answer_due()) return;
  const bool moves = durable_ != reported_;
  fault::hit("before_confirm");
  send_status(now, now - asked_position_ >= options_.position_interval ? Reply::asked_for : Reply::not_asked_for);
  if (moves) fault::hit("after_confirm");
}

// Standby status update: 'r' written:u64 flushed:u64 applied:u64 clock:i64 reply:u8. Only `flushed` moves the slot. All
// three release commits that wait for a synchronous standby, so each reports what is durable: data that was merely
// received is not written anywhere here, and durable data is visible to readers.
void WalsenderStream::send_status(SteadyTime now, Reply reply) {
  const auto clock =
      std::chrono::duration_cast<microseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  ByteWriter out;
  out.u8('r');
  for ([[maybe_unused]] const auto* position : {"written", "flushed", "applied"}) out.u64(durable_.value);
  out.u64(static_cast<std::uint64_t>(clock - postgres::postgres_epoch_us));
  out.u8(reply == Reply::asked_for ? 1 : 0);
  const auto& message = out.str();
  if (PQputCopyData(connection_.raw(), message.data(), static_cast<int>(message.size())) != 1 ||
      PQflush(connection_.raw()) < 0) {
    throw stream_failure(connection_, nullptr, options_);
  }
  reported_ = durable_;
  status_sent_ = now;
  if (reply == Reply::asked_for) asked_position_ = now;
  reply_requested_ = false;
}

// The names are in the replication grammar, in which quotes are doubled and backslashes have no meaning. The
// publications' names are identifiers inside a literal.
std::string start_sql(const Connection& replication, const StreamOptions& options, Lsn start) {
  const auto publication = replication.quote_literal(publication_names(replication, options.publication));
  auto sql = fmt::format("START_REPLICATION SLOT {} LOGICAL {} (proto_version '{}', publication_names {}",
                         replication.quote_name(options.slot), start.to_string(), options.protocol, publication);
  if (options.protocol >= 2 && options.streaming) {
    sql += fmt::format(", streaming '{}'", postgres::streams_in_parallel(options.protocol) ? "parallel" : "on");
  }
  if (options.two_phase) sql += ", two_phase 'on'";
  if (!options.origin.empty()) sql += fmt::format(", origin {}", replication.quote_literal(options.origin));
  if (options.binary) sql += ", binary 'true'";
  if (options.messages) sql += ", messages 'true'";
  return sql + ")";
}

Connection open_walsender(const StreamOptions& options) {
  if (options.logical_decoding_work_mem.empty()) return Connection::open(options.conninfo, ConnectionUse::replication);
  try {
    return Connection::open(options.conninfo, ConnectionUse::replication,
                            "-c logical_decoding_work_mem=" + options.logical_decoding_work_mem);
  } catch (const Error& refused) {
    if (refused.cause().find("logical_decoding_work_mem") == std::string::npos) throw;
    spdlog::warn("the source decodes with its own logical_decoding_work_mem: {}", refused.cause());
    return Connection::open(options.conninfo, ConnectionUse::replication);
  }
}

milliseconds read_sender_timeout(Connection& replication) {
  const auto rows = replication.query("SELECT setting FROM pg_catalog.pg_settings WHERE name = 'wal_sender_timeout'");
  return milliseconds(rows.size() == 0 ? 0 : rows.integer(0, 0));
}

class SlotTaking {
 public:
  SlotTaking(const StreamOptions& options, std::stop_token stop)
      : options_(options),
        stop_(std::move(stop)),
        catalog_(Connection::open(options.conninfo, ConnectionUse::catalog)),
        replication_(open_walsender(options)),
        deadline_(steady_clock::now() + options.wait_for_active) {
    if (options.as_stored) replication_.take_text_as_stored();
    if (options.server == nullptr) return;
    options.server->check_replication(replication_, options.start);
    options.server->check(catalog_, ConnectionUse::catalog);
  }

  std::unique_ptr<ChangeReader> take() {
    const auto timeout = read_sender_timeout(replication_);
    while (!try_start()) {
      if (stop_.stop_requested()) {
        throw Stopped(ErrorKind::source_not_ready, fmt::format("stopped while waiting for slot {}", options_.slot));
      }
      std::this_thread::sleep_for(active_retry);
    }
    // The slot is read again now that no other process can move it. If it is ahead of the requested position, the
    // server silently starts from the slot's own position.
    const auto slot = require_usable();
    if (options_.server != nullptr) options_.server->stream_begins(options_.slot, PQbackendPID(replication_.raw()));
    return std::make_unique<WalsenderStream>(std::move(replication_), options_, begins_at(slot), timeout);
  }

 private:
  // If an earlier position is requested, the server begins at the slot's position and writes that to its log.
  [[nodiscard]] Lsn begins_at(const SlotState& slot) const {
    const auto asked =
        options_.compare_from.is_set() ? std::min(options_.compare_from, options_.start) : options_.start;
    return std::max(asked, slot.confirmed_flush_lsn);
  }

  SlotState require_usable() {
    const auto slot = read_slot(catalog_, options_.slot);
    if (auto error = slot_error(slot, options_.slot, catalog_.database(), options_.start)) throw *error;
    if (!slot) {
      throw Error(ErrorKind::source_not_ready, fmt::format("slot {} does not exist", options_.slot),
                  remedy("{} creates it.", RemedyAction::create));
    }
    return *slot;
  }

  // Returns false if another process reads the slot.
  bool try_start() {
    const auto slot = require_usable();
    if (slot.active_pid != 0) return wait_for_active(slot.active_pid);
    const auto doing = "starting to read slot " + options_.slot;
    const auto result = replication_.run(start_sql(replication_, options_, begins_at(slot)), {}, doing, stop_);
    if (PQresultStatus(result.get()) == PGRES_COPY_BOTH) return true;
    if (sqlstate_of(result.get()) == "55006") return wait_for_active(0);  // object_in_use: taken in the meantime
    throw stream_failure(replication_, result.get(), options_);
  }

  bool wait_for_active(std::int64_t pid) {
    if (pid != 0 && pid != last_pid_) {
      spdlog::info("slot {} is read by PID {}; waiting up to {} s for it", options_.slot, pid,
                   std::chrono::duration_cast<std::chrono::seconds>(options_.wait_for_active).count());
      last_pid_ = pid;
    }
    if (steady_clock::now() >= deadline_) {
      throw Error(
          ErrorKind::source_not_ready,
          fmt::format("slot {} is read by another process, PID {} of the server", options_.slot, last_pid_),
          fmt::format("Stop the other run; or, if its program is gone: SELECT pg_terminate_backend({});", last_pid_));
    }
    return false;
  }

  const StreamOptions& options_;
  std::stop_token stop_;
  Connection catalog_;
  Connection replication_;
  steady_clock::time_point deadline_;
  std::int64_t last_pid_ = 0;
};

}  // namespace

std::unique_ptr<ChangeReader> start_streaming(const StreamOptions& options, std::stop_token stop) {
  return SlotTaking(options, std::move(stop)).take();
}

}  // namespace walbrook::postgres
