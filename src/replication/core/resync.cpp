#include "replication/core/resync.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/names.h"
#include "base/text.h"
#include "postgres/catalog/table_name.h"
#include "replication/core/leaving.h"

namespace walbrook::replication {
namespace {

using destination::TableRecord;
using destination::TableState;

bool is_named(const TableRecord& record, const postgres::TableName& name) {
  return record.schema == name.schema && record.name == name.name;
}

[[noreturn]] void refuse_unknown_table(const std::vector<TableRecord>& known, const postgres::TableName& name) {
  constexpr std::size_t most_named = 20;
  std::vector<std::string> names;
  for (const auto& record : known) {
    if (record.state != TableState::loaded) names.push_back(record.schema + "." + record.name);
  }
  std::ranges::sort(names);
  const auto meant = nearest(name.full_name(), names);
  std::string list;
  for (std::size_t i = 0; i < std::min(names.size(), most_named); ++i) {
    list += (i == 0 ? "" : ", ") + printable(names[i]);
  }
  if (names.size() > most_named) list += fmt::format(" and {} more", names.size() - most_named);
  throw Error(ErrorKind::configuration,
              fmt::format("nothing is resynced: this pipeline has no table {}", printable(name.full_name())),
              fmt::format("{}Tables: {}.", meant.empty() ? "" : fmt::format("Did you mean {}? ", printable(meant)),
                          names.empty() ? "none" : list));
}

void check_one(const std::vector<TableRecord>& known, const postgres::TableName& name) {
  // A table that a program wrote may have the same name as one of the source.
  const auto of_source = std::ranges::find_if(known, [&name](const TableRecord& record) {
    return is_named(record, name) && record.state != TableState::loaded;
  });
  if (of_source == known.end()) {
    if (std::ranges::none_of(known, [&name](const TableRecord& record) { return is_named(record, name); })) {
      refuse_unknown_table(known, name);
    }
    throw Error(
        ErrorKind::configuration,
        fmt::format("nothing is resynced: table {} has no source, a program wrote it", printable(name.full_name())),
        "Run that program again.");
  }
  if (of_source->state == TableState::left_out) {
    throw Error(ErrorKind::configuration,
                fmt::format("nothing is resynced: table {} is left out of the publication ({})",
                            printable(name.full_name()), printable(of_source->reason)),
                "Give it a replica identity; the run that sees it copies it.");
  }
  if (is_leaving(*of_source)) {
    throw Error(ErrorKind::configuration,
                fmt::format("nothing is resynced: table {} has left the publication, and what was published before is "
                            "still applied",
                            printable(name.full_name())),
                "Add it to the publication again; the run that sees it there copies it.");
  }
  if (of_source->state != TableState::removed) return;
  throw Error(ErrorKind::configuration,
              fmt::format("nothing is resynced: table {} was removed ({})", printable(name.full_name()),
                          printable(of_source->reason)),
              "Add it to the publication again; the run that sees it there copies it.");
}

}  // namespace

void check_resync(const std::vector<TableRecord>& known, const std::vector<postgres::TableName>& names) {
  for (const auto& name : names) check_one(known, name);
}

void mark_for_resync(destination::Destination& destination, const std::vector<postgres::TableName>& names) {
  const auto state = destination.open();
  check_resync(state.tables, names);
  const auto load = destination.begin({});
  for (auto record : state.tables) {
    const bool asked =
        std::ranges::any_of(names, [&](const postgres::TableName& name) { return is_named(record, name); });
    if (!asked || record.state == TableState::loaded) continue;
    record.changes_only = false;
    record.state = TableState::pending;
    record.reason = resync_requested;
    load->put(destination::PutTable{record});
  }
  load->commit();
}

}  // namespace walbrook::replication
