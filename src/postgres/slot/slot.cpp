#include "postgres/slot/slot.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <thread>

#include "base/clock.h"
#include "postgres/connection/server_identity.h"
#include "postgres/connection/server_wait.h"

namespace walbrook::postgres {
namespace {

using std::chrono::steady_clock;

constexpr milliseconds waiting_interval(1000);  // how often the writers are reported
constexpr milliseconds reader_interval(100);    // how often a slot that is read is looked at

// to_jsonb reads columns that only later versions have. Version 16 has `conflicting` in place of a reason.
constexpr auto slot_query = R"(
SELECT s.slot_name, s.plugin, s.database, s.slot_type = 'logical', s.temporary, s.active_pid, s.restart_lsn,
  s.confirmed_flush_lsn, s.wal_status,
  coalesce(pg_catalog.to_jsonb(s) ->> 'invalidation_reason',
           CASE WHEN (pg_catalog.to_jsonb(s) ->> 'conflicting')::boolean THEN 'conflicting' END),
  pg_catalog.pg_wal_lsn_diff(CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()
                                  ELSE pg_catalog.pg_current_wal_lsn() END, s.restart_lsn)::bigint,
  coalesce((pg_catalog.to_jsonb(s) ->> 'two_phase')::boolean, false),
  coalesce((pg_catalog.to_jsonb(s) ->> 'failover')::boolean, false)
FROM pg_catalog.pg_replication_slots s WHERE s.slot_name = $1
)";

// A slot becomes consistent when every transaction, in any database, that was writing when its creation began has
// ended. Every role sees backend_xid, while state and query are hidden from a role that may not see them.
constexpr auto writers_query = R"(
SELECT a.pid, NULL, a.application_name, a.usename, a.datname, a.state,
  extract(epoch FROM pg_catalog.clock_timestamp() - a.xact_start)::bigint,
  extract(epoch FROM pg_catalog.clock_timestamp() - a.state_change)::bigint
FROM pg_catalog.pg_stat_activity a
WHERE a.backend_xid IS NOT NULL AND a.pid <> pg_catalog.pg_backend_pid() AND a.pid <> $1
UNION ALL
SELECT 0, p.gid, NULL, p.owner, p.database, 'prepared', extract(epoch FROM pg_catalog.clock_timestamp() - p.prepared)::bigint, NULL
FROM pg_catalog.pg_prepared_xacts p
ORDER BY 7 DESC NULLS LAST
)";

// A slot of a standby begins at a list of running transactions. The primary writes one about every 15 s, unless nothing
// else was written since.
constexpr auto primary_is_idle = "the primary's next list of running transactions (pg_log_standby_snapshot())";

bool is_transaction(const OpenWriter& writer) {
  return writer.pid != 0 || !writer.prepared_gid.empty();
}

OpenWriter writer_of(const Rows& rows, int row, const std::string& database) {
  OpenWriter writer{.pid = rows.integer(row, 0), .prepared_gid = rows.text(row, 1), .what = {}};
  std::vector<std::string> about;
  if (!rows.text(row, 2).empty()) about.push_back(fmt::format("app \"{}\"", rows.text(row, 2)));
  if (!rows.text(row, 3).empty()) about.push_back("user " + rows.text(row, 3));
  if (rows.text(row, 4) != database) about.push_back("database " + rows.text(row, 4));
  const auto state = rows.text(row, 5);
  if (state == "idle in transaction" && !rows.is_null(row, 7)) {
    about.push_back(fmt::format("{} for {} s", state, rows.integer(row, 7)));
  } else if (!rows.is_null(row, 6)) {
    about.push_back(fmt::format("{} for {} s", state == "prepared" ? "prepared" : "writing", rows.integer(row, 6)));
  }
  writer.what = writer.pid != 0 ? fmt::format("pid {}", writer.pid)
                                : fmt::format("prepared transaction \"{}\"", writer.prepared_gid);
  if (!about.empty()) writer.what += fmt::format(" ({})", fmt::join(about, ", "));
  return writer;
}

// Reports which writers the creation waits for. Its separate connection is opened only if there is a wait.
class WaitReport {
 public:
  WaitReport(const Endpoint& endpoint, const WaitingFor& waiting, int walsender_pid)
      : endpoint_(endpoint.for_a_look()), waiting_(waiting), walsender_pid_(walsender_pid) {}

  void send() {
    const auto writers = read();
    if (waiting_ && writers) waiting_(*writers);
  }

  // Returns nullopt if the writers are not known.
  std::optional<std::vector<OpenWriter>> read() {
    std::vector<OpenWriter> writers;
    try {
      if (!catalog_) catalog_ = Connection::open(endpoint_, ConnectionUse::catalog);
      if (is_standby(*catalog_)) return std::vector{OpenWriter{.pid = 0, .prepared_gid = {}, .what = primary_is_idle}};
      const auto rows = catalog_->query(writers_query, {std::to_string(walsender_pid_)}, "listing open transactions");
      for (int row = 0; row < rows.size(); ++row) writers.push_back(writer_of(rows, row, catalog_->database()));
    } catch (const Stopped&) {
      throw;
    } catch (const Error& failed) {  // only the report fails; the creation continues
      catalog_.reset();
      spdlog::debug("the transactions that the slot waits for are unknown: {}", failed.cause());
      return std::nullopt;
    }
    return writers;
  }

 private:
  Endpoint endpoint_;
  const WaitingFor& waiting_;
  int walsender_pid_;
  std::optional<Connection> catalog_;
};

std::string to_text(const std::vector<OpenWriter>& writers) {
  std::string text;
  for (const auto& writer : writers) {
    text += text.empty() ? "" : ", ";
    if (!writer.what.empty()) {
      text += writer.what;
    } else {
      text += writer.pid != 0 ? fmt::format("pid {}", writer.pid)
                              : fmt::format("prepared transaction \"{}\"", writer.prepared_gid);
    }
  }
  return text;
}

std::string seconds_text(milliseconds time) {
  return fmt::format("{:g} s", std::chrono::duration<double>(time).count());
}

// Returns what ends the writers, as far as that is known.
Remedy end_writers(const Connection& connection, const std::vector<OpenWriter>& writers) {
  std::string sql;
  for (const auto& writer : writers) {
    sql += writer.pid != 0 ? fmt::format("SELECT pg_terminate_backend({}); ", writer.pid)
                           : fmt::format("ROLLBACK PREPARED {}; ", connection.quote_literal(writer.prepared_gid));
  }
  return remedy("Wait for their end, or end them: {}{} sets how long a run waits.", ExecuteSql{sql},
                RemedyOption::snapshot_wait);
}

WritersStayOpen waited_too_long(const Connection& replication, WaitReport& report, std::string_view doing,
                                milliseconds longest) {
  const auto writers = report.read();
  const bool known = writers && !writers->empty();
  if (known && !is_transaction(writers->front())) {
    return WritersStayOpen(
        Error(ErrorKind::data,
              fmt::format("{}: it did not come within {}: {}", doing, seconds_text(longest), writers->front().what),
              remedy("On the primary: {} {} sets how long a run waits.",
                     ExecuteSql{"SELECT pg_log_standby_snapshot();"}, RemedyOption::snapshot_wait)));
  }
  return WritersStayOpen(
      Error(ErrorKind::data,
            fmt::format("{}: transactions that are writing in the source did not end within {}: {}", doing,
                        seconds_text(longest), known ? to_text(*writers) : "they are unknown"),
            known ? end_writers(replication, *writers)
                  : remedy("{} sets how long a run waits.", RemedyOption::snapshot_wait)));
}

// Ends the creation. The server may have created the slot just before it received the request. A temporary slot is
// dropped with its connection; a permanent one is dropped here.
void give_up_creation(Connection& replication, const std::string& slot) noexcept {
  try {
    if (replication.abandon_statement() == Connection::Abandoned::ended) return;
    static_cast<void>(replication.run("DROP_REPLICATION_SLOT " + replication.quote_name(slot), {}, "dropping a slot"));
  } catch (const std::exception& failed) {
    spdlog::debug("giving up slot {}: {}", slot, failed.what());
  }
}

// Waits as long as the server is at work on it, at most `longest` unless that is 0.
Result await_result(Connection& replication, WaitReport& report, milliseconds longest, const std::stop_token& stop,
                    const std::string& slot, std::string_view doing) {
  ServerWait wait(replication, doing, stop);
  auto next_report = steady_clock::now() + waiting_interval;
  const auto give_up = steady_clock::now() + longest;
  try {
    while (PQisBusy(replication.raw()) != 0) {
      wait.once();
      if (longest.count() > 0 && steady_clock::now() >= give_up && PQisBusy(replication.raw()) != 0) {
        auto failed = waited_too_long(replication, report, doing, longest);  // the writers are read before they can end
        give_up_creation(replication, slot);
        throw failed;
      }
      if (steady_clock::now() < next_report) continue;
      report.send();
      next_report = steady_clock::now() + waiting_interval;
    }
  } catch (const Stopped&) {
    // A server process that waits for a transaction does not notice that its client is gone.
    give_up_creation(replication, slot);
    throw Stopped(ErrorKind::source_not_ready, fmt::format("{}: stopped while waiting for open transactions", doing));
  }
  Result result(PQgetResult(replication.raw()));
  while (wait.result() != nullptr) {
  }
  return result;
}

Error creation_failure(const Connection& replication, const PGresult* result, const std::string& name) {
  auto failed = replication.failure(result, "creating slot " + name);
  const auto state = sqlstate_of(result);
  if (state == "53400") {  // configuration_limit_exceeded: all slots are in use
    return {ErrorKind::source_not_ready, failed.cause(),
            "Raise max_replication_slots (needs a restart), or drop slots that nobody needs (pg_replication_slots).",
            failed.facts()};
  }
  if (state == "55000") {  // object_not_in_prerequisite_state: wal_level
    return {ErrorKind::source_not_ready, failed.cause(),
            "ALTER SYSTEM SET wal_level = logical; then restart the server.", failed.facts()};
  }
  if (state == "42710") {
    return {ErrorKind::source_not_ready, failed.cause(), remedy("Give another name by {}.", RemedyOption::slot),
            failed.facts()};
  }
  return failed;
}

// 15 takes a list of options, 14 key words; later versions take both.
std::string creation_sql(const Connection& replication, const NewSlot& slot, bool snapshot) {
  const auto* persistence = snapshot ? " TEMPORARY" : "";
  const auto quoted = replication.quote_name(slot.name);
  if (replication.server_version() >= 150000) {
    return fmt::format("CREATE_REPLICATION_SLOT {}{} LOGICAL pgoutput (SNAPSHOT '{}'{}{})", quoted, persistence,
                       snapshot ? "export" : "nothing", slot.two_phase ? ", TWO_PHASE" : "",
                       slot.failover ? ", FAILOVER" : "");
  }
  return fmt::format("CREATE_REPLICATION_SLOT {}{} LOGICAL pgoutput {}", quoted, persistence,
                     snapshot ? "EXPORT_SNAPSHOT" : "NOEXPORT_SNAPSHOT");
}

CreatedSlot create_slot(Connection& replication, const Endpoint& endpoint, const NewSlot& slot, bool snapshot,
                        const SlotWait& wait, const std::stop_token& stop) {
  const auto doing = "creating slot " + slot.name;
  if (PQsendQuery(replication.raw(), replication.encoded(creation_sql(replication, slot, snapshot)).c_str()) == 0) {
    throw replication.failure(nullptr, doing);
  }
  WaitReport report(endpoint, wait.report, PQbackendPID(replication.raw()));
  auto result = await_result(replication, report, wait.longest, stop, slot.name, doing);
  if (PQresultStatus(result.get()) != PGRES_TUPLES_OK) throw creation_failure(replication, result.get(), slot.name);
  const Rows rows(std::move(result));
  return {.slot_name = slot.name, .consistent_point = rows.lsn(0, 1), .snapshot_name = rows.text(0, 2)};
}

}  // namespace

std::string waiting_text(const std::vector<OpenWriter>& writers) {
  if (!writers.empty() && !is_transaction(writers.front())) return writers.front().what;
  return "the end of transactions that are writing in the source: " + to_text(writers);
}

std::optional<SlotState> read_slot(Connection& catalog, const std::string& name) {
  const auto rows = catalog.query(slot_query, {name}, "reading slot " + name);
  if (rows.size() == 0) return std::nullopt;
  return SlotState{.name = rows.text(0, 0),
                   .plugin = rows.text(0, 1),
                   .database = rows.text(0, 2),
                   .logical = rows.boolean(0, 3),
                   .temporary = rows.boolean(0, 4),
                   .active_pid = rows.integer(0, 5),
                   .restart_lsn = rows.lsn(0, 6),
                   .confirmed_flush_lsn = rows.lsn(0, 7),
                   .two_phase = rows.boolean(0, 11),
                   .failover = rows.boolean(0, 12),
                   .wal_status = rows.text(0, 8),
                   .invalidation_reason = rows.text(0, 9),
                   .retained_bytes = rows.integer(0, 10)};
}

CreatedSlot create_permanent_slot(Connection& replication, const Endpoint& endpoint, const NewSlot& slot,
                                  const SlotWait& wait, std::stop_token stop) {
  return create_slot(replication, endpoint, slot, false, wait, stop);
}

CreatedSlot create_snapshot_slot(Connection& replication, const Endpoint& endpoint, const SlotWait& wait,
                                 std::stop_token stop) {
  // Slots are named across the cluster. The PID distinguishes live processes, the number what a crash may have left.
  const auto name = fmt::format("walbrook_snapshot_{}_{:08x}", PQbackendPID(replication.raw()), std::random_device()());
  return create_slot(replication, endpoint, {.name = name}, true, wait, stop);
}

// ALTER_REPLICATION_SLOT waits without end for the reader of a slot, so it is sent only once nobody reads the slot.
void make_failover_slot(Connection& catalog, Connection& replication, const std::string& name, milliseconds longest,
                        const std::stop_token& stop) {
  const auto doing = fmt::format("making slot {} a failover slot", name);
  const auto give_up = steady_clock::now() + longest;
  for (auto slot = read_slot(catalog, name); slot && slot->active_pid != 0; slot = read_slot(catalog, name)) {
    if (stop.stop_requested()) throw Stopped(ErrorKind::source_not_ready, doing + ": stopped");
    if (steady_clock::now() >= give_up) {
      throw Error(ErrorKind::source_not_ready,
                  fmt::format("{}: it is read by another process, PID {} of the server", doing, slot->active_pid),
                  fmt::format("Stop the other run; or, if its program is gone: SELECT pg_terminate_backend({});",
                              slot->active_pid));
    }
    std::this_thread::sleep_for(reader_interval);
  }
  replication.execute(fmt::format("ALTER_REPLICATION_SLOT {} (FAILOVER true)", replication.quote_name(name)), doing);
}

void drop_slot(Connection& catalog, const std::string& name) {
  catalog.query(
      "SELECT pg_catalog.pg_drop_replication_slot(slot_name) FROM pg_catalog.pg_replication_slots WHERE slot_name = $1",
      {name}, "dropping slot " + name);
}

}  // namespace walbrook::postgres
