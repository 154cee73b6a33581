#include "destination/pending_records.h"

namespace walbrook::destination {
namespace {

template <class Id, class Record>
std::vector<Record> take(std::map<Id, Record>& records) {
  std::vector<Record> taken;
  for (auto& [id, record] : records) taken.push_back(std::move(record));
  records.clear();
  return taken;
}

}  // namespace

void PendingRecords::put(const TableRecord& record) {
  if (const auto known = tables_.find(record.oid); known != tables_.end()) {
    table_names_.erase({known->second.schema, known->second.name});
    tables_.erase(known);
  }
  const auto [named, is_new] = table_names_.try_emplace({record.schema, record.name}, record.oid);
  if (!is_new) tables_.erase(std::exchange(named->second, record.oid));
  tables_.emplace(record.oid, record);
}

void PendingRecords::put(const OutputRecord& record) {
  outputs_.insert_or_assign(record.id, record);
}

std::vector<TableRecord> PendingRecords::take_tables() {
  table_names_.clear();
  return take(tables_);
}

std::vector<OutputRecord> PendingRecords::take_outputs() {
  return take(outputs_);
}

std::set<OutputId> outputs_without_copy(std::span<const OutputRecord> records) {
  std::set<OutputId> outputs;
  for (const auto& record : records) {
    if (!may_be_swapped_in(record.state)) outputs.insert(record.id);
  }
  return outputs;
}

}  // namespace walbrook::destination
