#include "postgres/catalog/fingerprint.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.h"
#include "model/table_schema.h"
#include "postgres/catalog/catalog.h"

namespace walbrook::postgres {
namespace {

using Kind = Difference::Kind;
using PrintedColumn = Fingerprint::Column;
using Member = Fingerprint::Member;

PrintedColumn column_from_json(const nlohmann::json& json) {
  return {.number = json.at(0),
          .name = json.at(1),
          .type = json.at(2),
          .typmod = json.at(3),
          .version = json.at(4),
          .has_missing = json.at(5),
          .default_row = json.at(6),
          .properties = json.at(7)};
}

Member member_from_json(const nlohmann::json& json) {
  return {.oid = json.at(0),
          .file = json.at(1),
          .attached = json.at(2),
          .created_attached = json.at(3),
          .identity = json.at(4).get<std::string>().at(0),
          .written = json.at(5),
          .unseen = json.at(6)};
}

// Keeps the more severe difference; of equal ones the first.
void weigh(Difference& worst, Kind kind, std::string reason) {
  if (kind <= worst.kind) return;
  worst = {.kind = kind, .reason = std::move(reason)};
}

template <class Item, class Key>
const Item* find(const std::vector<Item>& items, Key Item::*key, Key wanted) {
  const auto found = std::ranges::find(items, wanted, key);
  return found == items.end() ? nullptr : &*found;
}

// No row was written again: the values of all columns are those of before. Rows of partitions come with the columns of
// their root, in its order, if the publication publishes them by it.
bool kept_its_file(const Fingerprint& before, const Fingerprint& now) {
  if (before.members.empty() && now.members.empty()) return before.file != 0 && before.file == now.file;
  return before.via_root && now.via_root && std::ranges::all_of(now.members, [&before](const Member& member) {
           const auto* known = find(before.members, &Member::oid, member.oid);
           return known == nullptr || known->file == member.file;
         });
}

bool is_text(Oid type) {
  constexpr Oid text = 25;
  constexpr Oid varchar = 1043;
  return type == text || type == varchar;
}

// Values of the column print as before, as long as the table was not rewritten.
bool prints_as_before(const PrintedColumn& before, const PrintedColumn& now) {
  return before.type == now.type || (is_text(before.type) && is_text(now.type));
}

bool has_dropped_columns(const Fingerprint& print) {
  return static_cast<std::size_t>(print.attributes) != print.columns.size();
}

// Weighs what happened to a column that is copied; `known`: nullptr if it was added.
void compare_column(const Fingerprint& before, const Fingerprint& now, const PrintedColumn* known,
                    const PrintedColumn& column, Difference& worst) {
  const bool in_place = kept_its_file(before, now);
  if (known == nullptr) {
    const bool was_there = find(before.columns, &PrintedColumn::name, column.name) != nullptr;
    weigh(worst, in_place && !was_there ? Kind::in_place : Kind::reshaped,
          fmt::format("column \"{}\" was {} in the source", column.name,
                      was_there ? "dropped and added again" : "added"));
  } else if (known->name != column.name) {
    weigh(worst, in_place ? Kind::in_place : Kind::reshaped,
          fmt::format("column \"{}\" is called \"{}\" now", known->name, column.name));
  }
  if (known != nullptr && (known->type != column.type || known->typmod != column.typmod)) {
    weigh(worst, in_place && prints_as_before(*known, column) ? Kind::in_place : Kind::reshaped,
          fmt::format("column \"{}\" has another type in the source", column.name));
  }
}

void compare_columns(const Fingerprint& before, const Fingerprint& now, std::span<const SourceColumn> copied,
                     Difference& worst) {
  bool adds_empty = !has_dropped_columns(now);
  for (const auto& column : now.columns) {
    if (std::ranges::find(copied, column.name, &SourceColumn::name) == copied.end()) continue;
    const auto* known = find(before.columns, &PrintedColumn::number, column.number);
    compare_column(before, now, known, column, worst);
    const bool is_same =
        known != nullptr && known->name == column.name && known->type == column.type && known->typmod == column.typmod;
    adds_empty = adds_empty && (is_same || (known == nullptr && !column.has_missing));
  }
  worst.adds_empty_columns = adds_empty && worst.kind == Kind::in_place;
}

void compare_types(const Fingerprint& before, const Fingerprint& now, Difference& worst) {
  // A type that no column has any more is no matter. Of a new one it is not known whether it was altered since its
  // column was added, and rows with it may have come before.
  for (const auto& [type, shape] : now.composites) {
    const auto known = before.composites.find(type);
    if (known == before.composites.end()) {
      weigh(worst, Kind::reshaped, "a column of a composite type was added");
    } else if (known->second != shape) {
      weigh(worst, Kind::reshaped, "a composite type of its columns was altered: the stream does not report it");
    }
  }
  for (const auto& [type, labels] : before.enums) {
    const auto found = now.enums.find(type);
    if (found == now.enums.end()) continue;
    for (const auto& [oid, label] : labels) {
      const auto same = found->second.find(oid);
      if (same != found->second.end() && same->second != label) {
        weigh(worst, Kind::missed, fmt::format("the enum label \"{}\" is called \"{}\" now", label, same->second));
      }
    }
  }
}

void compare_members(const Fingerprint& before, const Fingerprint& now, Difference& worst) {
  for (const auto& member : now.members) {
    const auto* known = find(before.members, &Member::oid, member.oid);
    if (known == nullptr) {
      if (!member.created_attached || !now.via_root)
        weigh(worst, Kind::missed, "a partition was attached in the source");
    } else if (known->attached != member.attached) {
      weigh(worst, Kind::missed, "a partition was detached and attached again in the source");
    } else if (known->unseen && !member.unseen) {
      weigh(worst, Kind::missed, "a partition was unlogged in the source, and is logged now");
    }
  }
  const auto went = [&now](const Member& known) { return find(now.members, &Member::oid, known.oid) == nullptr; };
  if (std::ranges::any_of(before.members, went)) {
    weigh(worst, Kind::missed, "a partition was detached or dropped in the source");
  }
}

// Whether a column's row shows that a rewrite changed its values.
enum class Rewritten { no, perhaps, yes };

Rewritten rewritten(const PrintedColumn& before, const PrintedColumn& now) {
  if (before.version == now.version) return Rewritten::no;
  if (before.has_missing && !now.has_missing) {
    if (now.default_row == 0) return Rewritten::perhaps;              // the default was dropped and can prove nothing
    if (before.default_row == now.default_row) return Rewritten::no;  // VACUUM FULL or CLUSTER
  }
  return before.properties == now.properties ? Rewritten::yes : Rewritten::perhaps;
}

// Returns whether the TRUNCATE of one of these transactions gave the table its present file.
bool is_truncated(const std::vector<RowVersion>& written, const Fingerprint& now,
                  std::span<const RowVersion> truncates) {
  return std::ranges::any_of(written, [&](RowVersion version) {
    if (std::ranges::find(truncates, version) == truncates.end()) return false;
    // A rewrite that followed in the same transaction would have written a column's row as well.
    return find(now.columns, &PrintedColumn::version, version) == nullptr;
  });
}

bool has_other_file(const Fingerprint& before, const Fingerprint& now, std::span<const RowVersion> truncates) {
  if (before.file != now.file && !is_truncated(now.written, now, truncates)) return true;
  return std::ranges::any_of(now.members, [&](const Member& member) {
    const auto* known = find(before.members, &Member::oid, member.oid);
    return known != nullptr && known->file != member.file && !is_truncated(member.written, now, truncates);
  });
}

void compare_files(const Fingerprint& before, const Fingerprint& now, std::span<const RowVersion> truncates,
                   Difference& worst) {
  if (!has_other_file(before, now, truncates)) return;
  for (const auto& column : now.columns) {
    const auto* known = find(before.columns, &PrintedColumn::number, column.number);
    if (known == nullptr) continue;
    const auto which = rewritten(*known, column);
    if (which == Rewritten::yes) {
      weigh(worst, Kind::missed, fmt::format("column \"{}\" was rewritten in the source", column.name));
    } else if (which == Rewritten::perhaps) {
      weigh(worst, Kind::ambiguous,
            fmt::format("the table was rewritten and column \"{}\" altered in the source", column.name));
    }
  }
  const bool cannot_hide = now.reach == Fingerprint::Reach::named && now.members.empty();
  if (cannot_hide || worst.kind != Kind::none) return;
  worst = {.kind = Kind::ambiguous,
           .reason = now.members.empty() ? "the table was rewritten in the source"
                                         : "a partition was truncated or rewritten in the source",
           .may_be_truncate = true};
}

}  // namespace

Fingerprint parse_fingerprint(std::string_view text) {
  try {
    const auto json = nlohmann::json::parse(text);
    Fingerprint print;
    print.publication = json.at("publication");
    print.reach = static_cast<Fingerprint::Reach>(json.at("reach").get<std::string>().at(0));
    print.via_root = json.at("via_root");
    print.schema = json.at("schema").at(0);
    if (!json.at("schema").at(1).is_null()) print.schema_version = json.at("schema").at(1);
    print.file = json.at("file");
    print.written = json.at("written").get<std::vector<RowVersion>>();
    print.identity = json.at("identity");
    if (!json.at("columns").is_null()) {
      for (const auto& column : json.at("columns")) print.columns.push_back(column_from_json(column));
    }
    // A state that an older version wrote lacks it.
    const auto newest = print.columns.empty() ? 0 : print.columns.back().number;
    print.attributes = json.value("attributes", newest);
    if (const auto list = json.find("ddl_trigger"); list != json.end() && list->is_string()) print.ddl_trigger = *list;
    if (!json.at("members").is_null()) {
      for (const auto& member : json.at("members")) print.members.push_back(member_from_json(member));
    }
    if (const auto& shapes = json.at("composites"); shapes.is_object()) {  // an older version wrote one text of all
      for (const auto& [type, shape] : shapes.items()) print.composites[static_cast<Oid>(std::stoul(type))] = shape;
    }
    if (!json.at("enums").is_null()) {
      for (const auto& [type, labels] : json.at("enums").items()) {
        auto& known = print.enums[static_cast<Oid>(std::stoul(type))];
        for (const auto& [oid, label] : labels.items()) known[static_cast<Oid>(std::stoul(oid))] = label;
      }
    }
    return print;
  } catch (const std::exception& failed) {  // nlohmann's exceptions, and text that is not a number
    throw Error(ErrorKind::destination,
                "a table's fingerprint in the destination's state cannot be read: " + std::string(failed.what()),
                "The state was written by another version of walbrook or changed by hand.");
  }
}

std::string with_columns(const std::string& before, const std::string& now, std::span<const ColumnSeen> seen) {
  auto out = nlohmann::json::parse(before);
  const auto newer = nlohmann::json::parse(now);
  auto& columns = out.at("columns");
  std::int32_t newest = out.value("attributes", columns.empty() ? 0 : columns.back().at(0).get<std::int32_t>());
  const auto is_numbered = [](std::int32_t number) {
    return [number](const nlohmann::json& column) { return column.at(0) == number; };
  };
  for (const auto& column : seen) {
    const auto entry = std::ranges::find_if(newer.at("columns"), is_numbered(column.number));
    if (entry == newer.at("columns").end()) continue;
    auto as_seen = *entry;
    as_seen[1] = column.name;
    as_seen[2] = column.type;
    as_seen[3] = column.typmod;
    const auto known = std::ranges::find_if(columns, is_numbered(column.number));
    if (known == columns.end()) {
      columns.push_back(std::move(as_seen));
    } else {
      *known = std::move(as_seen);
    }
    newest = std::max(newest, column.number);
  }
  out["attributes"] = newest;
  return out.dump();
}

std::string with_description(const std::string& before, const std::string& description) {
  auto out = nlohmann::json::parse(before);
  const auto described = nlohmann::json::parse(description);
  for (const auto* part : {"columns", "attributes", "file", "written"}) out[part] = described.at(part);
  return out.dump();
}

std::string without_ddl_trigger(const std::string& fingerprint) {
  auto out = nlohmann::json::parse(fingerprint);
  const auto list = out.find("ddl_trigger");
  if (list == out.end() || list->is_null()) return fingerprint;  // equal texts are equal fingerprints
  out.erase(list);
  return out.dump();
}

bool has_columns(const Fingerprint& print, const TableSchema& columns, std::span<const std::int32_t> numbers) {
  if (columns.columns.size() != numbers.size()) return false;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const auto* known = find(print.columns, &Fingerprint::Column::number, numbers[i]);
    if (known == nullptr || known->name != columns.columns[i].name) return false;
  }
  return true;
}

bool has_known_columns(const Fingerprint& print, const TableSchema& columns, std::span<const std::int32_t> numbers) {
  if (columns.columns.size() != numbers.size()) return false;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const auto& name = columns.columns[i].name;
    const auto* same = find(print.columns, &Fingerprint::Column::number, numbers[i]);
    if (same != nullptr && same->name == name) continue;
    const bool was_dropped = same == nullptr && numbers[i] <= print.attributes;
    if (!was_dropped || find(print.columns, &Fingerprint::Column::name, name) != nullptr) return false;
  }
  return true;
}

bool is_described_between(const Fingerprint& before, const Fingerprint& now) {
  if (before.ddl_trigger.empty() || before.ddl_trigger != now.ddl_trigger) return false;
  const bool has_partitions = !before.members.empty() || !now.members.empty();
  return !has_partitions || (before.via_root && now.via_root);
}

Difference compare(const Fingerprint& before, const Fingerprint& now, std::span<const SourceColumn> columns,
                   std::span<const RowVersion> truncates, PassedOver passed_over) {
  Difference worst;
  if (!passed_over.columns) compare_columns(before, now, columns, worst);
  compare_types(before, now, worst);
  if (before.publication != now.publication) {
    weigh(worst, Kind::missed,
          "the publication was altered: the stream does not report what it left out in the meantime");
  }
  if (now.reach == Fingerprint::Reach::schema && before.schema_version != now.schema_version) {
    weigh(worst, Kind::missed, "the table left its published schema and came back");
  }
  compare_members(before, now, worst);
  if (!passed_over.files) compare_files(before, now, truncates, worst);
  return worst;
}

}  // namespace walbrook::postgres
