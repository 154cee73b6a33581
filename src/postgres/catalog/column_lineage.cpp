#include "postgres/catalog/column_lineage.h"

#include <algorithm>
#include <set>
#include <utility>

namespace walbrook::postgres {
namespace {

using Lineage = ColumnLineage::Column;

// Every attribute number that was given since belongs to a column that is still there.
bool lost_a_new_column(const Fingerprint& before, const Fingerprint& now) {
  const auto is_new = [&before](const Fingerprint::Column& column) { return column.number > before.attributes; };
  return std::ranges::count_if(now.columns, is_new) != now.attributes - before.attributes;
}

bool is_renamed(const Lineage& column) {
  return !column.before.empty() && !column.now.empty() && column.before != column.now;
}

// Each name belongs to one column.
bool has_unique_names(const std::vector<Lineage>& columns) {
  std::set<std::string> names;
  return std::ranges::all_of(columns, [&names](const Lineage& column) {
    return names.insert(column.before.empty() ? column.now : column.before).second;
  });
}

}  // namespace

std::optional<ColumnLineage> ColumnLineage::between(const Fingerprint& before, const Fingerprint& now,
                                                    const TableSchema& known, std::span<const SourceColumn> copied) {
  if (now.attributes < before.attributes || lost_a_new_column(before, now)) return std::nullopt;
  ColumnLineage lineage;
  const auto is_copied = [copied](const std::string& name) {
    return std::ranges::find(copied, name, &SourceColumn::name) != copied.end();
  };
  for (const auto& column : known.columns) {
    if (std::ranges::find(before.columns, column.name, &Fingerprint::Column::name) != before.columns.end()) continue;
    lineage.columns_.push_back({.number = 0, .before = column.name, .now = ""});
  }
  for (const auto& column : before.columns) {
    const auto same = std::ranges::find(now.columns, column.number, &Fingerprint::Column::number);
    const bool was_known = known.find(column.name) != nullptr;
    const bool is_there = same != now.columns.end() && is_copied(same->name);
    if (is_there && !was_known) return std::nullopt;  // its values of before are unknown
    if (!was_known) continue;
    lineage.columns_.push_back({.number = column.number, .before = column.name, .now = is_there ? same->name : ""});
  }
  for (const auto& column : now.columns) {
    if (column.number <= before.attributes || !is_copied(column.name)) continue;
    lineage.columns_.push_back(
        {.number = column.number, .before = "", .now = column.name, .has_value = column.has_missing});
  }
  const bool is_clear = !lineage.has_dropped() ||
                        (std::ranges::none_of(lineage.columns_, is_renamed) && has_unique_names(lineage.columns_));
  return is_clear ? std::optional(std::move(lineage)) : std::nullopt;
}

std::optional<ColumnLineage> ColumnLineage::through(const Fingerprint& before, const TableSchema& known,
                                                    std::span<const Described> described) {
  ColumnLineage lineage;
  auto& names = lineage.names_.emplace_back();
  std::int32_t last = 0;
  for (const auto& column : known.columns) {
    const auto same = std::ranges::find(before.columns, column.name, &Fingerprint::Column::name);
    const auto number = same == before.columns.end() ? 0 : same->number;
    if (number != 0 && number < last) return std::nullopt;  // the names changed hands since
    last = std::max(last, number);
    names[column.name] = lineage.columns_.size();
    lineage.columns_.push_back({.number = number, .before = column.name, .now = ""});
  }
  for (std::size_t i = 0; i < described.size(); ++i) {
    if (!lineage.take(before, described[i], i + 1 == described.size())) return std::nullopt;
  }
  return lineage;
}

// Returns false if a column that is copied from now on was there before, and was not copied; or if one that is copied
// is still there and not described, as a generated one.
bool ColumnLineage::take(const Fingerprint& before, const Described& described, bool is_last) {
  const auto& print = described.print;
  auto& names = names_.emplace_back();
  for (const auto& column : described.columns->columns) {
    const auto same = std::ranges::find(print.columns, column.name, &Fingerprint::Column::name);
    if (same == print.columns.end()) return false;
    auto found = std::ranges::find(columns_, same->number, &Column::number);
    if (found == columns_.end()) {
      if (std::ranges::find(before.columns, same->number, &Fingerprint::Column::number) != before.columns.end()) {
        return false;
      }
      columns_.push_back({.number = same->number,
                          .before = "",
                          .now = "",
                          .has_value = same->has_missing,
                          .added_by = names_.size() - 2});
      found = columns_.end() - 1;
    }
    names[column.name] = static_cast<std::size_t>(found - columns_.begin());
    if (is_last) found->now = column.name;
  }
  const auto is_described = [&](const Column& column) {
    const auto same = std::ranges::find(print.columns, column.number, &Fingerprint::Column::number);
    return same == print.columns.end() || names.contains(same->name);
  };
  return std::ranges::all_of(columns_, is_described);
}

bool ColumnLineage::has_dropped() const {
  return std::ranges::any_of(columns_, [](const Column& column) { return column.now.empty(); });
}

std::optional<std::vector<std::size_t>> ColumnLineage::find(const TableSchema& message,
                                                            std::size_t descriptions) const {
  if (!names_.empty()) return find_described(message, descriptions);
  return has_dropped() ? find_by_name(message) : find_by_place(message);
}

std::optional<std::vector<std::size_t>> ColumnLineage::find_described(const TableSchema& message,
                                                                      std::size_t descriptions) const {
  const auto& names = names_[std::min(descriptions, names_.size() - 1)];
  std::vector<std::size_t> places;
  for (const auto& column : message.columns) {
    const auto found = names.find(column.name);
    if (found == names.end()) return std::nullopt;
    places.push_back(found->second);
  }
  return places;
}

std::optional<std::vector<std::size_t>> ColumnLineage::find_by_place(const TableSchema& message) const {
  const auto known = std::ranges::count_if(columns_, [](const Column& column) { return !column.before.empty(); });
  const auto count = message.columns.size();
  if (count < static_cast<std::size_t>(known) || count > columns_.size()) return std::nullopt;
  std::vector<std::size_t> places(count);
  for (std::size_t i = 0; i < count; ++i) places[i] = i;
  return places;
}

// Columns that are there at both moments are in every message, and of the added ones those that came first.
std::optional<std::vector<std::size_t>> ColumnLineage::find_by_name(const TableSchema& message) const {
  std::vector<std::size_t> places;
  std::set<std::size_t> found;
  std::int32_t last = 0;
  for (const auto& column : message.columns) {
    const auto is_it = [&column](const Column& known) {
      return (known.before.empty() ? known.now : known.before) == column.name;
    };
    const auto at = std::ranges::find_if(columns_, is_it);
    if (at == columns_.end() || (at->number != 0 && at->number <= last)) return std::nullopt;
    if (at->number != 0) last = at->number;
    places.push_back(static_cast<std::size_t>(at - columns_.begin()));
    found.insert(places.back());
  }
  bool misses_added = false;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const bool is_found = found.contains(i);
    const auto& column = columns_[i];
    if (column.before.empty()) {
      if (is_found && misses_added) return std::nullopt;
      misses_added = misses_added || !is_found;
    } else if (!column.now.empty() && !is_found) {
      return std::nullopt;
    }
  }
  return places;
}

}  // namespace walbrook::postgres
