#include "postgres/preflight/preflight_slot.h"

#include <fmt/format.h>

#include "postgres/slot/slot_error.h"

namespace walbrook::postgres {
namespace {

constexpr int first_version_of_failover = 170000;

std::string size_text(std::int64_t bytes) {
  if (bytes < 10 << 20) return fmt::format("{} kB", bytes >> 10);
  if (bytes < std::int64_t{10} << 30) return fmt::format("{} MB", bytes >> 20);
  return fmt::format("{} GB", bytes >> 30);
}

// Another replica may depend on the slot: reading it would take that one's changes away.
Error foreign_slot(const SlotState& slot) {
  return {ErrorKind::source_not_ready,
          fmt::format("slot {} exists already, and the destination does not know it: {}", slot.name,
                      slot.active_pid == 0
                          ? "it may be another destination's"
                          : fmt::format("PID {} of the server reads it for another client", slot.active_pid)),
          remedy("Choose: {} creates another one; {} takes this one over (tables are copied first, "
                 "changes begin at its position, {}); {} drops it and starts again.",
                 SetOption{RemedyOption::slot, "NAME"}, RemedyOption::adopt_slot, slot.confirmed_flush_lsn.to_string(),
                 RemedyOption::reset),
          {.slot = slot.name, .lsn = slot.confirmed_flush_lsn.to_string()}};
}

// 18+. The server invalidates such a slot at a checkpoint.
void check_idle_timeout(Connection& catalog, Findings& found) {
  const auto timeout =
      catalog.query("SELECT pg_catalog.current_setting('idle_replication_slot_timeout', true)").text(0, 0);
  if (timeout.empty() || timeout == "0") return;
  found.warning(
      "slot",
      fmt::format("a slot that nobody reads for more than {} is invalidated (idle_replication_slot_timeout)", timeout),
      "Run walbrook all the time, or more often than that; or ALTER SYSTEM SET idle_replication_slot_timeout "
      "= 0; SELECT pg_reload_conf();");
}

// Physical slots, which are the standbys that can synchronize slots: pg_sync_replication_slots requires
// primary_slot_name.
struct PhysicalSlots {
  std::string names;  // joined by ", "; "" = none
  // Those of synchronized_standby_slots that hold back every reader of a failover slot: their standbys are away.
  std::string missing;
  bool holds_back = false;  // synchronized_standby_slots names some
};

PhysicalSlots read_physical_slots(Connection& catalog) {
  const auto rows = catalog.query(
      "WITH listed AS (SELECT n AS name FROM pg_catalog.regexp_split_to_table(pg_catalog.btrim("
      "pg_catalog.current_setting('synchronized_standby_slots')), '\\s*,\\s*') AS n WHERE n <> '') "
      "SELECT (SELECT pg_catalog.string_agg(slot_name, ', ' ORDER BY slot_name) FROM pg_catalog.pg_replication_slots "
      "WHERE slot_type = 'physical'), "
      "(SELECT pg_catalog.string_agg(l.name, ', ' ORDER BY l.name) FROM listed l WHERE NOT EXISTS (SELECT FROM "
      "pg_catalog.pg_replication_slots s WHERE s.slot_name = l.name AND s.slot_type = 'physical' AND s.active)), "
      "EXISTS (SELECT FROM listed)",
      {}, "reading the slots of standbys");
  return {.names = rows.text(0, 0), .missing = rows.text(0, 1), .holds_back = rows.boolean(0, 2)};
}

// What can be known on the primary about a failover slot. The settings of the standby cannot.
void check_standbys(Connection& catalog, const PreflightRequest& request, Findings& found) {
  const auto physical = read_physical_slots(catalog);
  if (physical.names.empty()) {
    found.warning("slot", fmt::format("no standby synchronizes slot {}: the server has no physical slot", request.slot),
                  "A standby needs primary_slot_name, a dbname in primary_conninfo, hot_standby_feedback = on and "
                  "sync_replication_slots = on.");
  } else if (!physical.missing.empty()) {
    found.warning(
        "slot",
        fmt::format("changes wait for standbys that are away: {} (synchronized_standby_slots)", physical.missing),
        "Start these standbys, or remove their slots from synchronized_standby_slots.");
  } else if (!physical.holds_back) {
    found.note("slot",
               "a run can be ahead of the standby, and needs a new copy if that one is promoted then "
               "(synchronized_standby_slots is empty)",
               fmt::format("ALTER SYSTEM SET synchronized_standby_slots = {}; SELECT pg_reload_conf(); The slots "
                           "of standbys are listed.",
                           physical.names));
  }
}

void check_failover(Connection& catalog, const PreflightRequest& request, const std::optional<SlotState>& slot,
                    Findings& found) {
  const bool is_one = slot && slot->failover;
  if (catalog.server_version() < first_version_of_failover) {
    if (!request.failover) return;
    return found.error(
        "slot", fmt::format("a failover slot needs PostgreSQL 17; this is {}", catalog.server_version() / 10'000),
        remedy("Leave out {}: a failover then loses the slot, and the tables are copied again.",
               RemedyOption::failover),
        ErrorKind::configuration);
  }
  if (is_standby(catalog)) {
    if (!request.failover) return;
    return found.error("slot", "a slot of a standby cannot be a failover slot",
                       remedy("Leave out {}, or give the primary's host.", RemedyOption::failover),
                       ErrorKind::configuration);
  }
  if (is_one) {
    found.ok("slot", fmt::format("slot {} is a failover slot", slot->name));
  } else if (slot && request.failover) {
    found.note("slot", fmt::format("slot {} is not a failover slot yet; the next run makes it one", slot->name));
  } else if (slot && !read_physical_slots(catalog).names.empty()) {
    found.note("slot", fmt::format("slot {} is not a failover slot: a failover to a standby loses it", slot->name),
               remedy("{} makes it one.", RemedyOption::failover));
  }
  if (is_one || request.failover) check_standbys(catalog, request, found);
}

}  // namespace

void check_slot(Connection& catalog, const PreflightRequest& request, const std::optional<SlotState>& slot,
                Findings& found) {
  // The position of a foreign slot is unrelated to the checkpoint.
  const Lsn checkpoint = slot && request.slot_is_foreign ? Lsn{} : request.checkpoint;
  if (const auto error = slot_error(slot, request.slot, catalog.database(), checkpoint)) {
    return found.error("slot", *error);
  }
  if (slot && request.slot_is_foreign) return found.error("slot", foreign_slot(*slot));
  if (!slot) found.ok("slot", fmt::format("slot {} will be created", request.slot));
  if (slot) {
    found.ok("slot", fmt::format("slot {} is at {} and holds {} of write-ahead log", slot->name,
                                 slot->confirmed_flush_lsn.to_string(), size_text(slot->retained_bytes)));
  }
  check_failover(catalog, request, slot, found);
  check_idle_timeout(catalog, found);
  if (!slot) return;
  if (slot->active_pid != 0) {
    found.note("slot",
               fmt::format("slot {} is read by PID {} of the server; a run waits for it", slot->name, slot->active_pid),
               fmt::format("If its program is gone: SELECT pg_terminate_backend({});", slot->active_pid));
  }
  const auto limit =
      catalog.query("SELECT setting FROM pg_catalog.pg_settings WHERE name = 'max_slot_wal_keep_size'").text(0, 0);
  if (slot->wal_status == "unreserved") {
    found.warning("slot",
                  fmt::format("slot {} is about to be invalidated: it holds more than max_slot_wal_keep_size ({} MB)",
                              slot->name, limit),
                  "Run walbrook now; ALTER SYSTEM SET max_slot_wal_keep_size = -1; SELECT pg_reload_conf();");
  } else if (limit != "-1" && !limit.empty()) {
    found.note("slot", fmt::format("a run that is away for more than {} MB of write-ahead log loses the slot "
                                   "(max_slot_wal_keep_size)",
                                   limit));
  }
}

}  // namespace walbrook::postgres
