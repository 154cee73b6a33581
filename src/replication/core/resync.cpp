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

using destination::OutputRecord;
using destination::OutputState;
using destination::State;

bool is_named(const OutputRecord& record, const postgres::TableName& name) {
  return record.schema == name.schema && record.name == name.name;
}

[[noreturn]] void refuse_unknown_table(const std::vector<OutputRecord>& known, const postgres::TableName& name) {
  constexpr std::size_t most_named = 20;
  std::vector<std::string> names;
  for (const auto& record : known) {
    if (record.state != OutputState::loaded) names.push_back(record.schema + "." + record.name);
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

// Throws if the table cannot be resynced. Among several outputs one that is not removed decides.
void check_one(const State& known, const postgres::TableName& name) {
  // An output that a program wrote may have the same name as a table of the source.
  const OutputRecord* of_source = nullptr;
  for (const auto& record : known.outputs) {
    if (!is_named(record, name) || !record.has_source()) continue;
    if (of_source == nullptr || of_source->state == OutputState::removed) of_source = &record;
  }
  if (of_source == nullptr) {
    if (std::ranges::none_of(known.outputs, [&name](const OutputRecord& record) { return is_named(record, name); })) {
      refuse_unknown_table(known.outputs, name);
    }
    throw Error(
        ErrorKind::configuration,
        fmt::format("nothing is resynced: table {} has no source, a program wrote it", printable(name.full_name())),
        "Run that program again.");
  }
  if (of_source->state == OutputState::left_out) {
    throw Error(ErrorKind::configuration,
                fmt::format("nothing is resynced: table {} is left out of the publication ({})",
                            printable(name.full_name()), printable(of_source->reason)),
                "Give it a replica identity; the run that sees it copies it.");
  }
  const auto table = std::ranges::find(known.tables, of_source->source, &destination::TableRecord::oid);
  if (of_source->state != OutputState::removed) {
    if (table == known.tables.end() || !is_leaving(*table)) return;
    throw Error(ErrorKind::configuration,
                fmt::format("nothing is resynced: table {} has left the publication, and what was published before is "
                            "still applied",
                            printable(name.full_name())),
                "Add it to the publication again; the run that sees it there copies it.");
  }
  throw Error(ErrorKind::configuration,
              fmt::format("nothing is resynced: table {} was removed ({})", printable(name.full_name()),
                          printable(of_source->reason)),
              "Add it to the publication again; the run that sees it there copies it.");
}

}  // namespace

void check_resync(const State& known, const std::vector<postgres::TableName>& names) {
  for (const auto& name : names) check_one(known, name);
}

void mark_for_resync(destination::Destination& destination, const std::vector<postgres::TableName>& names) {
  const auto state = destination.open();
  check_resync(state, names);
  const auto load = destination.begin({});
  for (auto record : state.outputs) {
    const bool asked =
        std::ranges::any_of(names, [&](const postgres::TableName& name) { return is_named(record, name); });
    if (!asked || !record.has_source() || record.source == 0) continue;
    record.changes_only = false;
    record.state = OutputState::pending;
    record.reason = resync_requested;
    load->put(destination::PutOutput{record});
  }
  load->commit();
}

}  // namespace walbrook::replication
