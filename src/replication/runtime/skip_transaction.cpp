#include "replication/runtime/skip_transaction.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "base/fault.h"
#include "model/same_table.h"
#include "postgres/catalog/fingerprint.h"
#include "postgres/catalog/table_name.h"
#include "replication/core/leaving.h"
#include "replication/core/table_request.h"
#include "replication/runtime/run.h"

namespace walbrook::replication {

using destination::OutputState;

namespace {

// No commit record begins between the first byte of a commit and the next one.
Lsn right_after(Lsn commit) {
  return Lsn{commit.value + 1};
}

bool may_have_changed(const destination::OutputRecord& record, const std::vector<postgres::TableName>& only) {
  if (record.state != OutputState::streaming && record.state != OutputState::copying) return false;
  return only.empty() || std::ranges::any_of(only, same_table_as(record));
}

// Finds the tables as check_request does; an unknown name stays as it was written, and is refused there.
std::vector<postgres::TableName> meant_tables(const std::vector<postgres::WrittenName>& written,
                                              const std::vector<destination::OutputRecord>& records) {
  std::vector<postgres::TableName> known;
  for (const auto& record : records) known.push_back({record.schema, record.name, {}});
  std::vector<postgres::TableName> meant;
  for (const auto& name : written) meant.push_back(postgres::meant_table(name, known).value_or(name.read));
  return meant;
}

[[noreturn]] void refuse_position(Lsn asked, Lsn next) {
  throw Error(ErrorKind::configuration,
              fmt::format("nothing is skipped: no transaction commits at {}", asked.to_string()),
              next.is_set() ? fmt::format("The next one commits at {}.", next.to_string())
                            : "The message of the run that failed names its LSN.",
              {.lsn = asked.to_string()});
}

// The transaction may have altered the table: what the stream brings after it is no continuation.
void forget_descriptions(destination::OutputRecord record, destination::Transaction& load) {
  if (record.fingerprint.empty()) return;
  auto without = postgres::without_ddl_trigger(record.fingerprint);
  if (without == record.fingerprint) return;
  record.fingerprint = std::move(without);
  load.put(destination::PutOutput{record});
}

// One load does both, so that the checkpoint is never past the transaction while a table still counts as equal to the
// source.
void mark_skipped(Lsn commit, const std::vector<postgres::TableName>& only, destination::Destination& destination) {
  const auto state = destination.open();
  const auto load = destination.begin({});
  for (auto record : state.outputs) {
    const auto table = std::ranges::find(state.tables, record.source, &destination::TableRecord::oid);
    if (table == state.tables.end()) continue;
    if (!may_have_changed(record, only)) {
      forget_descriptions(record, *load);
      continue;
    }
    require_copy(*table, record, fmt::format("transaction {} was skipped", commit.to_string()));
    spdlog::warn("table {}.{}: {}; it is resynced", record.schema, record.name, record.reason);
    load->put(destination::PutOutput{record});
  }
  auto checkpoint = *state.checkpoint;
  checkpoint.lsn = right_after(commit);
  checkpoint.last = {.commit_lsn = checkpoint.lsn};
  load->put(destination::PutCheckpoint{checkpoint});
  fault::hit("before_commit");
  load->commit();
}

}  // namespace

bool skip_transaction(const RunOptions& options, destination::Destination& destination, RunObserver& observer,
                      std::stop_token stop) {
  const Lsn commit = *options.skip_transaction;
  const auto state = destination.open();
  if (!state.checkpoint || !state.checkpoint->lsn.is_set()) {
    throw Error(ErrorKind::configuration, "nothing is skipped: this pipeline has applied nothing yet",
                remedy("Run it without {} first.", RemedyOption::skip_transaction));
  }
  const auto only = meant_tables(options.skip_only, state.outputs);
  check_request(Requested::resync, state, only);
  if (state.checkpoint->lsn > commit) {
    spdlog::info("transaction {} is not skipped: the checkpoint is past it, at {}", commit.to_string(),
                 state.checkpoint->lsn.to_string());
    return true;
  }
  auto before = options;
  before.until = commit;
  before.follow = false;
  before.skip_transaction.reset();
  const auto summary = Run(before, destination, observer).execute(stop);
  if (stop.stop_requested()) return false;
  if (summary.next_commit != commit) refuse_position(commit, summary.next_commit);
  mark_skipped(commit, only, destination);
  return true;
}

}  // namespace walbrook::replication
