#include "replication/core/part_request.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "postgres/snapshot/part_condition.h"
#include "replication/core/table_request.h"

namespace walbrook::replication {
namespace {

bool is_output_of(const OutputRecord& record, const postgres::TableName& name) {
  return record.schema == name.schema && record.name == name.name && record.has_source() && record.source != 0 &&
         record.state != OutputState::removed && record.state != OutputState::left_out;
}

// Why no part of the output can be copied again; "" if it can.
std::string lack_of_part(const OutputRecord& record) {
  if (record.state != OutputState::streaming) return fmt::format("is {}", to_string(record.state));
  if (record.disposition != Disposition::merge) return "is kept with all its changes, and no row of it is replaced";
  if (record.changes_only) return "has its changes only, and none of the rows before them";
  if (record.columns == nullptr || !record.columns->has_key()) return "has no key by which its rows are found";
  for (const auto& column : record.columns->columns) {
    if (!column.in_key || !postgres::key_type_name(column.type_oid).empty()) continue;
    return fmt::format("has column {} in its key, of a type that is not supported there", printable(column.name));
  }
  return {};
}

}  // namespace

TableSchemaRef check_part_request(const destination::State& known, const postgres::TableName& name) {
  check_request(Requested::resync, known, {name});
  TableSchemaRef columns;
  for (const auto& record : known.outputs) {
    if (!is_output_of(record, name)) continue;
    auto lack = lack_of_part(record);
    if (lack.empty() && columns != nullptr) lack = "has several target tables";
    if (!lack.empty()) {
      const auto shown = printable(name.full_name());
      throw Error(ErrorKind::configuration,
                  fmt::format("nothing is resynced: no part of table {} can be copied again: it {}", shown, lack),
                  fmt::format("walbrook resync {} copies the whole table.", shown));
    }
    columns = record.columns;
  }
  return columns;
}

void add_part_request(const std::string& where, OutputRecord& record) {
  record.resync_where =
      record.resync_where.empty() ? where : fmt::format("({}\n) OR ({}\n)", record.resync_where, where);
}

void store_part_request(destination::Destination& destination, const postgres::TableName& name,
                        const std::string& where) {
  const auto state = destination.open();
  check_part_request(state, name);
  const auto load = destination.begin({});
  for (auto record : state.outputs) {
    if (!is_output_of(record, name)) continue;
    add_part_request(where, record);
    load->put(destination::PutOutput{record});
  }
  load->commit();
}

RecordChanges request_part(TableSync& sync, const postgres::TableName& name, const std::string& where) {
  RecordChanges changed;
  for (auto& [oid, table] : sync.tables()) {
    for (auto& output : table.outputs) {
      if (!is_output_of(output.record, name)) continue;
      add_part_request(where, output.record);
      changed.outputs.push_back(output.record);
    }
  }
  return changed;
}

}  // namespace walbrook::replication
