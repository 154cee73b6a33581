#include "replication/core/table_request.h"

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

// The output has rows or will have them.
bool may_be_suspended(const OutputRecord& record) {
  return record.state == OutputState::pending || record.state == OutputState::copying ||
         record.state == OutputState::streaming || record.state == OutputState::suspended;
}

[[noreturn]] void refuse(Requested what, const postgres::TableName& name, std::string why, std::string hint) {
  throw Error(ErrorKind::configuration,
              fmt::format("nothing is {}: table {} {}", done_word(what), printable(name.full_name()), why),
              std::move(hint));
}

[[noreturn]] void refuse_unknown_table(Requested what, const std::vector<OutputRecord>& known,
                                       const postgres::TableName& name) {
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
              fmt::format("nothing is {}: this pipeline has no table {}", done_word(what), printable(name.full_name())),
              fmt::format("{}Tables: {}.", meant.empty() ? "" : fmt::format("Did you mean {}? ", printable(meant)),
                          names.empty() ? "none" : list));
}

// Throws if the states of the table's outputs do not fit the request.
void check_states(Requested what, const State& known, const postgres::TableName& name) {
  const auto any = [&](bool (*is_so)(const OutputRecord&)) {
    return std::ranges::any_of(known.outputs, [&](const OutputRecord& record) {
      return is_named(record, name) && may_be_suspended(record) && is_so(record);
    });
  };
  const auto is_not_by_request = [](const OutputRecord& record) { return !is_suspended_by_request(record); };
  const auto is_suspended = [](const OutputRecord& record) { return record.state == OutputState::suspended; };
  if (what == Requested::suspend && !any(is_not_by_request)) {
    refuse(what, name, "is suspended by request already",
           fmt::format("walbrook resume {} copies it again.", printable(name.full_name())));
  }
  if (what == Requested::resume && !any(is_suspended)) {
    refuse(what, name, "is not suspended",
           fmt::format("walbrook resync {} copies a table again in any state.", printable(name.full_name())));
  }
}

// Throws if the request cannot be made for the table. Among several outputs one that is not removed decides.
void check_one(Requested what, const State& known, const postgres::TableName& name) {
  constexpr const char* republish = "Add it to the publication again; the run that sees it there copies it.";
  // An output that a program wrote may have the same name as a table of the source.
  const OutputRecord* of_source = nullptr;
  for (const auto& record : known.outputs) {
    if (!is_named(record, name) || !record.has_source()) continue;
    if (of_source == nullptr || of_source->state == OutputState::removed) of_source = &record;
  }
  if (of_source == nullptr) {
    if (std::ranges::none_of(known.outputs, [&name](const OutputRecord& record) { return is_named(record, name); })) {
      refuse_unknown_table(what, known.outputs, name);
    }
    refuse(what, name, "has no source, a program wrote it", "Run that program again.");
  }
  if (of_source->state == OutputState::left_out) {
    refuse(what, name, fmt::format("is left out of the publication ({})", printable(of_source->reason)),
           "Give it a replica identity; the run that sees it copies it.");
  }
  if (of_source->state == OutputState::removed) {
    refuse(what, name, fmt::format("was removed ({})", printable(of_source->reason)), republish);
  }
  const auto table = std::ranges::find(known.tables, of_source->source, &destination::TableRecord::oid);
  if (table != known.tables.end() && is_leaving(*table)) {
    refuse(what, name, "has left the publication, and what was published before is still applied", republish);
  }
  check_states(what, known, name);
}

}  // namespace

std::string_view to_string(Requested what) {
  switch (what) {
    case Requested::suspend:
      return "suspend";
    case Requested::resume:
      return "resume";
    case Requested::resync:
      break;
  }
  return "resync";
}

std::string_view done_word(Requested what) {
  switch (what) {
    case Requested::suspend:
      return "suspended";
    case Requested::resume:
      return "resumed";
    case Requested::resync:
      break;
  }
  return "resynced";
}

std::string_view reason_for(Requested what) {
  switch (what) {
    case Requested::suspend:
      return "by request";
    case Requested::resume:
      return "a resume was requested";
    case Requested::resync:
      break;
  }
  return "a resync was requested";
}

void check_request(Requested what, const State& known, const std::vector<postgres::TableName>& names) {
  for (const auto& name : names) check_one(what, known, name);
}

bool concerns(Requested what, const OutputRecord& record) {
  if (!record.has_source() || record.source == 0) return false;
  if (what == Requested::suspend) return may_be_suspended(record);
  return what == Requested::resync || record.state == OutputState::suspended;
}

void apply_request(Requested what, OutputRecord& record) {
  record.reason = reason_for(what);
  record.resync_where.clear();
  if (what == Requested::suspend) {
    record.state = OutputState::suspended;
    record.suspension = {.by_request = true};
    return;
  }
  record.changes_only = false;
  record.state = OutputState::pending;
  record.suspension = {};
}

void store_request(Requested what, destination::Destination& destination,
                   const std::vector<postgres::TableName>& names) {
  const auto state = destination.open();
  check_request(what, state, names);
  const auto load = destination.begin({});
  for (auto record : state.outputs) {
    const bool asked =
        std::ranges::any_of(names, [&](const postgres::TableName& name) { return is_named(record, name); });
    if (!asked || !concerns(what, record)) continue;
    apply_request(what, record);
    load->put(destination::PutOutput{record});
  }
  load->commit();
}

}  // namespace walbrook::replication
