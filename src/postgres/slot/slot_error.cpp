#include "postgres/slot/slot_error.h"

#include <fmt/format.h>

namespace walbrook::postgres {
namespace {

ExecuteSql drop_statement(const std::string& name) {
  return {fmt::format("SELECT pg_drop_replication_slot('{}');", name)};
}

Remedy drop_or_rename(const std::string& name) {
  return remedy("Give another name by {}, or, if nobody needs it: {}", RemedyOption::slot, drop_statement(name));
}

// A server before 16 reports no reason, and has only the first. `conflicting` is 16's, for two reasons.
std::string invalidation_text(const std::string& reason) {
  if (reason.empty() || reason == "wal_removed") {
    return "the write-ahead log it needs was removed (max_slot_wal_keep_size)";
  }
  if (reason == "rows_removed") return "the standby removed rows that it needs (hot_standby_feedback)";
  if (reason == "conflicting") {
    return "the standby removed rows that it needs (hot_standby_feedback), or wal_level of the primary was below "
           "logical";
  }
  if (reason == "wal_level_insufficient") return "wal_level of the primary was below logical";
  if (reason == "idle_timeout") return "idle_timeout: nobody read it for longer than idle_replication_slot_timeout";
  return reason;
}

std::string prevention(const std::string& reason) {
  if (reason.empty() || reason == "wal_removed") return " Raise max_slot_wal_keep_size.";
  if (reason == "rows_removed" || reason == "conflicting") return " Set hot_standby_feedback = on on the standby.";
  if (reason == "idle_timeout") return " Raise idle_replication_slot_timeout, or let runs follow.";
  return {};
}

}  // namespace

std::optional<Error> slot_error(const std::optional<SlotState>& slot, const std::string& name,
                                const std::string& database, Lsn checkpoint) {
  const ErrorFacts facts{.slot = name, .lsn = checkpoint.is_set() ? checkpoint.to_string() : std::string()};
  const auto not_ready = [&facts](std::string cause, Remedy remedy) {
    return Error(ErrorKind::source_not_ready, std::move(cause), std::move(remedy), facts);
  };
  if (!slot) {
    if (!checkpoint.is_set()) return std::nullopt;
    return not_ready(
        fmt::format("slot {} does not exist, but the replica is at {}: the changes since then cannot be read", name,
                    checkpoint.to_string()),
        remedy("Check {} and the server (a restored backup or a failover loses slots); {} copies "
               "everything again.",
               RemedyOption::slot, RemedyAction::reset));
  }
  if (!slot->logical) return not_ready(fmt::format("slot {} is a physical one", name), drop_or_rename(name));
  if (slot->plugin != "pgoutput") {
    return not_ready(fmt::format("slot {} uses the output plugin {}, not pgoutput", name, slot->plugin),
                     drop_or_rename(name));
  }
  if (slot->database != database) {
    return not_ready(fmt::format("slot {} belongs to database {}, not to {}", name, slot->database, database),
                     drop_or_rename(name));
  }
  if (slot->temporary) {
    return not_ready(fmt::format("slot {} is a temporary one of PID {}", name, slot->active_pid),
                     remedy("Give another name by {}.", RemedyOption::slot));
  }
  if (slot->wal_status == "lost" || !slot->invalidation_reason.empty() || !slot->restart_lsn.is_set()) {
    const auto& reason = slot->invalidation_reason;
    return not_ready(
        fmt::format("slot {} was invalidated by the server: {}", name, invalidation_text(reason)),
        remedy("{} then {} copies everything again.{}", drop_statement(name), RemedyAction::reset, prevention(reason)));
  }
  if (checkpoint.is_set() && slot->confirmed_flush_lsn > checkpoint) {
    return not_ready(
        fmt::format("slot {} is at {}, ahead of the replica, which is at {}: the changes between them are gone", name,
                    slot->confirmed_flush_lsn.to_string(), checkpoint.to_string()),
        remedy("Another process read the slot, or the replica was restored from an older state; {} copies everything "
               "again.",
               RemedyAction::reset));
  }
  return std::nullopt;
}

}  // namespace walbrook::postgres
