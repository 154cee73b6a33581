#include "replication/core/record_changes.h"

#include <algorithm>
#include <iterator>

#include "base/check.h"
#include "replication/core/output_failed.h"

namespace walbrook::replication {
namespace {

void put_records(destination::Transaction& transaction, const std::vector<TableRecord>& tables,
                 const std::vector<OutputRecord>& outputs) {
  for (const auto& table : tables) transaction.put(destination::PutTable{table});
  for (const auto& output : outputs) transaction.put(destination::PutOutput{output});
}

}  // namespace

void Renames::put(destination::Transaction& transaction) const {
  if (!moves.empty()) transaction.move(moves);
  put_records(transaction, tables, outputs);
}

void RecordChanges::add(const SyncedTable& table) {
  tables.push_back(table.record);
  for (const auto& output : table.outputs) outputs.push_back(output.record);
}

// What was noted before a rename is outdated by what is stored with it: under the former names it must not come later.
void RecordChanges::forget_outdated(const Renames& later) {
  std::erase_if(outputs, [&later](const OutputRecord& record) {
    return std::ranges::find(later.outputs, record.id, &OutputRecord::id) != later.outputs.end();
  });
  std::erase_if(tables, [&later](const TableRecord& record) {
    return std::ranges::any_of(later.tables, [&record](const TableRecord& now) {
      return now.oid == record.oid || (now.schema == record.schema && now.name == record.name);
    });
  });
}

void RecordChanges::add(RecordChanges&& others) {
  for (const auto& each : others.renames) forget_outdated(each);
  std::ranges::move(others.renames, std::back_inserter(renames));
  std::ranges::move(others.alterations, std::back_inserter(alterations));
  std::ranges::move(others.tables, std::back_inserter(tables));
  std::ranges::move(others.outputs, std::back_inserter(outputs));
}

void RecordChanges::put(destination::Transaction& transaction) const {
  WALBROOK_CHECK(renames.empty(), "{} renames are not stored yet", renames.size());
  for (const auto& [output, alteration] : alterations) {
    for_output(
        output.id, [&, output = &output, alteration = &alteration] { transaction.alter(*output, *alteration); },
        OutputFailed::Doing::alteration);
  }
  put_records(transaction, tables, outputs);
}

}  // namespace walbrook::replication
