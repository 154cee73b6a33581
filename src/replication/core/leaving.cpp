#include "replication/core/leaving.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <utility>

namespace walbrook::replication {

using destination::OutputRecord;
using destination::OutputState;
using destination::TableRecord;

bool note_leaving(TableRecord& record, const postgres::CatalogMoment& moment) {
  const bool is_new = !is_leaving(record);
  if (is_new) {
    record.leaves_xid = moment.next_xid;
    record.leaves_at = {};
    spdlog::info("table {}.{} left the publication or was dropped: what was published before is still applied",
                 record.schema, record.name);
  }
  if (record.leaves_at.is_set() || moment.oldest_xid < record.leaves_xid) return is_new;
  record.leaves_at = moment.lsn;
  return true;
}

bool has_left(const TableRecord& record, Lsn checkpoint) {
  if (!is_leaving(record)) return false;
  return checkpoint == nothing_comes || (record.leaves_at.is_set() && checkpoint >= record.leaves_at);
}

void end_leaving(TableRecord& table) {
  table.leaves_xid = 0;
  table.leaves_at = {};
}

void remove_from_copy(OutputRecord& record) {
  record.suspension = {};
  record.state = OutputState::removed;
  record.reason = "not in the publication any more, or dropped in the source; the target table is kept";
  spdlog::warn("table {}.{} is {}", record.schema, record.name, record.reason);
}

void leave_without_source(OutputRecord& record, const std::string& reason) {
  record.source = 0;
  record.state = OutputState::removed;
  record.suspension = {};
  record.reason = reason;
  spdlog::warn("table {}.{} was {}", record.schema, record.name, record.reason);
}

void suspend(OutputRecord& record, std::string reason) {
  record.state = OutputState::suspended;
  record.suspension.by_request = false;
  record.reason = std::move(reason);
}

void require_copy(const TableRecord& table, OutputRecord& record, const std::string& reason) {
  if (is_leaving(table)) {
    remove_from_copy(record);
    record.reason += fmt::format(" (before it left: {})", reason);
    return;
  }
  if (record.changes_only && record.columns != nullptr) {
    return suspend(record,
                   fmt::format("{}; the table has its changes only (--no-snapshot), so it is not copied. walbrook "
                               "resync {}.{} copies it",
                               reason, record.schema, record.name));
  }
  record.state = OutputState::pending;
  record.reason = reason;
  record.suspension.by_request = false;
}

}  // namespace walbrook::replication
