#include "postgres/stream/slot_peek.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "base/publication_list.h"
#include "postgres/catalog/catalog.h"
#include "postgres/slot/slot_error.h"
#include "postgres/stream/protocol_choice.h"
#include "postgres/stream/publication_names.h"

namespace walbrook::postgres {
namespace {

constexpr std::string_view copy_signature("PGCOPY\n\377\r\n\0", 11);

Error cannot_peek(std::string cause, Remedy remedy = {}) {
  return {ErrorKind::source_not_ready, std::move(cause), std::move(remedy)};
}

std::string settings_of(const PeekOptions& options) {
  return options.logical_decoding_work_mem.empty()
             ? ""
             : "-c logical_decoding_work_mem=" + options.logical_decoding_work_mem;
}

}  // namespace

SlotPeek::SlotPeek(const Endpoint& endpoint, const PeekOptions& options)
    : connection_(Connection::open(endpoint, ConnectionUse::catalog, settings_of(options))),
      slot_(options.slot),
      doing_("peeking at slot " + options.slot) {
  protocol_ = choose_protocol(connection_, options.protocol);
  if (options.streaming == Streaming::parallel &&
      !streams_in_parallel(newest_protocol_of(connection_.server_version()))) {
    throw cannot_peek(
        fmt::format("{} does not know streaming \"parallel\", which came with PostgreSQL 16", connection_.where()),
        remedy("Ask for {}.", SetOption{RemedyOption::streaming, "on"}));
  }
  check(options);
  begin(options);
}

SlotPeek::~SlotPeek() {
  if (reading_) connection_.abandon_statement();
}

void SlotPeek::check(const PeekOptions& options) {
  const auto slot = read_slot(connection_, options.slot);
  if (!slot) {
    throw cannot_peek(fmt::format("slot {} does not exist at {}", options.slot, connection_.where()),
                      remedy("Name it by {}; {} lists what there is.", RemedyOption::slot,
                             ExecuteSql{"SELECT slot_name FROM pg_replication_slots;"}));
  }
  if (const auto error = slot_error(slot, options.slot, connection_.database(), Lsn{})) throw *error;
  if (slot->active_pid != 0) {
    throw cannot_peek(fmt::format("slot {} is being read by PID {}", options.slot, slot->active_pid),
                      fmt::format("One reads it at a time. Stop that process, or look at a copy: SELECT "
                                  "pg_copy_logical_replication_slot('{}', 'a_copy'); and drop that afterwards.",
                                  options.slot));
  }
  begins_at_ = slot->confirmed_flush_lsn;
  two_phase_ = slot->two_phase;
  check_carries_prepared(slot, protocol_);
  const auto missing = missing_publications(connection_, parse_publications(options.publication));
  if (!missing.empty()) {
    throw cannot_peek(fmt::format("publication {} does not exist at {}", missing.front(), connection_.where()),
                      remedy("Name it by {}; {} lists what there is.", RemedyOption::publication,
                             ExecuteSql{"SELECT pubname FROM pg_publication;"}));
  }
}

void SlotPeek::begin(const PeekOptions& options) {
  const auto literal = [this](std::string_view text) { return connection_.quote_literal(text); };
  // The option is a list of names, each quoted if necessary.
  auto sql = fmt::format(
      "COPY (SELECT lsn, data FROM pg_catalog.pg_logical_slot_peek_binary_changes({}, {}, {}, 'proto_version', '{}', "
      "'publication_names', {}",
      literal(options.slot), options.end ? literal(options.end->to_string()) : "NULL",
      options.enough != 0 ? std::to_string(std::min<std::uint64_t>(options.enough, 0x7FFFFFFF)) : "NULL", protocol_,
      literal(publication_names(connection_, options.publication)));
  if (options.binary) sql += ", 'binary', 'true'";
  if (options.messages) sql += ", 'messages', 'true'";
  if (options.streaming != Streaming::off) {
    sql += fmt::format(", 'streaming', '{}'", options.streaming == Streaming::on ? "on" : "parallel");
  }
  sql += ")) TO STDOUT (FORMAT binary)";
  // The frames are for people, so the server converts them if it can.
  const char* encoding = PQparameterStatus(connection_.raw(), "server_encoding");
  if (encoding != nullptr && std::string_view(encoding) != "SQL_ASCII") connection_.take_text_converted();
  const auto started = connection_.run(sql, {}, doing_);
  if (PQresultStatus(started.get()) != PGRES_COPY_OUT) {
    throw connection_.failure(started.get(), doing_);
  }
  reading_ = true;
}

Poll SlotPeek::poll(Frame& out) {
  while (reading_) {
    int size = 0;
    row_ = connection_.take_row(size);
    if (size == 0) return Poll::idle;
    wait_.reset();
    if (size < 0) {
      reading_ = false;
      connection_.finish_copy(doing_);
    } else if (take_row({row_.get(), static_cast<std::size_t>(size)}, out)) {
      return Poll::frame;
    }
  }
  return Poll::ended;
}

// A row is columns:i16 8:i32 lsn:u64 length:i32 data. COPY's header precedes the first row, and -1 follows the last
// one.
bool SlotPeek::take_row(std::string_view row, Frame& out) {
  ByteReader in(row);
  if (!began_) {
    began_ = true;
    const bool known = in.bytes(copy_signature.size()) == copy_signature && in.u32() == 0;
    in.bytes(in.u32());
    if (!known || in.failed()) throw Error(ErrorKind::protocol, "what the server copies is not in COPY's binary form");
  }
  if (in.at_end()) return false;
  const auto columns = in.i16();
  if (columns == -1) return false;
  in.u32();
  out.lsn = Lsn{in.u64()};
  out.bytes = in.bytes(in.u32());
  if (columns != 2 || in.failed() || !in.at_end()) {
    throw Error(ErrorKind::protocol, fmt::format("slot {}: a row of the peek cannot be read", slot_));
  }
  return true;
}

void SlotPeek::wait_until(SteadyTime until) {
  if (!reading_ || std::chrono::steady_clock::now() >= until) return;
  if (!wait_) wait_.emplace(connection_, doing_);
  wait_->once();
}

}  // namespace walbrook::postgres
