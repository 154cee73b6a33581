#include "destination/postgres/row_operations.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "destination/postgres/row_text.h"

namespace walbrook::destination::postgresql {
namespace {

// Up to this many rows are written into the statement itself: one round trip, instead of three.
constexpr std::size_t most_values_rows = 256;
constexpr std::size_t most_values_bytes = std::size_t{1} << 20U;

std::size_t bytes_of(std::span<const RowRef> rows) {
  std::size_t bytes = 0;
  const RowBatch* seen = nullptr;
  for (const auto& row : rows) {
    if (row.batch != seen) bytes += row.batch->bytes();
    seen = row.batch;
  }
  return bytes;
}

// Collects the columns of the rows that a statement reads as `s`.
class RowShape {
 public:
  // Adds a column and returns its SQL.
  std::string add(std::string type, Field field) {
    types_.push_back(std::move(type));
    fields_.push_back(field);
    return fmt::format("s.c{}", types_.size() - 1);
  }
  [[nodiscard]] const std::vector<std::string>& types() const { return types_; }
  [[nodiscard]] std::vector<Field> fields() const { return fields_; }

 private:
  std::vector<std::string> types_;
  std::vector<Field> fields_;
};

class Operation {
 public:
  explicit Operation(const RowOperation& what)
      : what_(what),
        target_(what.target),
        schema_(*what.rows.schema),
        doing_("merging changes of " + schema_.full_name()),
        table_(full_name(target_.schema, target_.table)) {}

  CompletedRows complete(std::span<const Patch> patches);
  std::uint64_t remove(std::span<const Removal> removals);
  AppendCounts append(std::span<const RowRef> rows, const CompletedRows* completed);

 private:
  std::uint64_t change(const std::string& sql) { return what_.session.change(sql, {}, doing_); }

  // Runs `before`, the rows as a table `s`, and `after` as one statement. Returns how many rows it changed.
  std::uint64_t with_rows(const std::string& before, const std::string& after, RowShape shape,
                          const SelectedRows& rows) {
    if (shape.types().empty()) shape.add("boolean", {});  // a table without columns: only the number of rows counts
    RowText text(shape.fields(), schema_, provenance_of(what_.rows));
    if (rows.rows.size() <= most_values_rows && bytes_of(rows.rows) <= most_values_bytes) {
      std::string names;
      std::vector<std::string> casts;
      for (std::size_t i = 0; i < shape.types().size(); ++i) {
        names += fmt::format("{}c{}", i == 0 ? "" : ", ", i);
        casts.push_back("::" + shape.types()[i]);
      }
      const auto values = text.values_list(rows, casts);
      overflow_ += text.overflow_values();
      return change(fmt::format("{} (VALUES {}) AS s({}) {}", before, values, names, after));
    }
    const auto scratch = what_.scratch.take(shape.types());
    what_.session.copy(scratch, text.copy_lines(rows), doing_);
    overflow_ += text.overflow_values();
    const auto changed = change(fmt::format("{} {} AS s {}", before, scratch, after));
    what_.scratch.give_back(scratch);
    return changed;
  }

  std::string add_value(RowShape& shape, std::size_t column, bool of_origin) const {
    return shape.add(
        what_.types.of(schema_.columns[column].type).sql,
        {.kind = Field::Kind::value, .column = static_cast<std::uint32_t>(column), .of_origin = of_origin});
  }
  static std::string add_overflow(RowShape& shape, std::size_t column, bool of_origin) {
    return shape.add(
        "pg_catalog.text",
        {.kind = Field::Kind::overflow, .column = static_cast<std::uint32_t>(column), .of_origin = of_origin});
  }

  // Returns the condition under which a row `t` of the target has the key of the sought row `s`. It is an equality, for
  // which an index can be used, if no sought value is NULL. Types without equality are compared by their text.
  std::string match_key(RowShape& shape, std::span<const RowRef> rows, bool of_origin) const {
    std::string sql;
    const auto also = [&sql](const std::string& condition) { sql += (sql.empty() ? "" : " AND ") + condition; };
    for (const auto c : schema_.key_columns()) {
      auto here = "t." + identifier(place_of(target_, schema_, c).name);
      auto there = add_value(shape, c, of_origin);
      if (!what_.types.of(schema_.columns[c].type).has_equality) {
        here += "::pg_catalog.text";
        there += "::pg_catalog.text";
      }
      if (!any_null(rows, c)) {
        also(here + " = " + there);
        continue;
      }
      also(here + " IS NOT DISTINCT FROM " + there);
      // A value that the column cannot hold is NULL in it; its text distinguishes it.
      if (const auto* overflow = target_.overflow_of(schema_.columns[c].name)) {
        also("t." + identifier(overflow->name) + " IS NOT DISTINCT FROM " + add_overflow(shape, c, of_origin));
      } else if (any_overflow(rows, c)) {
        also(add_overflow(shape, c, of_origin) + " IS NULL");  // the target holds no such value
      }
    }
    return sql;
  }

  // Rows without a key are identified by their content: by the text of the whole row, in which values differ that
  // PostgreSQL calls equal and prints differently ('1 mon' = '30 days', 0.0 = -0.0, 1.0 = 1.00). One equality of texts
  // can be joined by hashing.
  std::string match_content(RowShape& shape, std::span<const RowRef> rows) const {
    std::string here, there;
    const auto add = [&](const std::string& mine, const std::string& sought) {
      here += (here.empty() ? "" : ", ") + mine;
      there += (there.empty() ? "" : ", ") + sought;
    };
    for (std::size_t c = 0; c < schema_.columns.size(); ++c) {
      add("t." + identifier(place_of(target_, schema_, c).name), add_value(shape, c, false));
      if (const auto* overflow = target_.overflow_of(schema_.columns[c].name)) {
        add("t." + identifier(overflow->name), add_overflow(shape, c, false));
      } else if (any_overflow(rows, c)) {
        add("NULL::pg_catalog.text", add_overflow(shape, c, false));  // the target holds no such value
      }
    }
    if (here.empty()) return "true";
    return fmt::format("ROW({})::pg_catalog.text = ROW({})::pg_catalog.text", here, there);
  }

  std::string completed_cell(RowShape& shape, const TargetColumn& column, const Field& field,
                             std::span<const RowRef> rows) const {
    const auto here = "t." + identifier(column.name);
    const bool is_value = field.kind == Field::Kind::value || field.kind == Field::Kind::overflow;
    const auto type = what_.types.of(column, schema_);
    auto value = shape.add(type->sql, field);
    const auto is_unchanged = [&](const RowRef& row) { return row.batch->unchanged(row.row, field.column); };
    if (!is_value || std::ranges::none_of(rows, is_unchanged)) return value;
    const auto flag = shape.add("pg_catalog.bool", {.kind = Field::Kind::unchanged, .column = field.column});
    return fmt::format("CASE WHEN {} THEN {} ELSE {} END", flag, here, value);
  }

  const RowOperation& what_;
  const Target& target_;
  const TableSchema& schema_;
  std::string doing_;
  std::string table_;
  std::uint64_t overflow_ = 0;  // overflowing values in the rows that statements read
};

CompletedRows Operation::complete(std::span<const Patch> patches) {
  const PatchedRows patched(patches);
  const std::span<const RowRef> rows = patched.rows;
  const std::span<const RowRef> origins = patched.origins;
  check_overflow(target_, schema_, rows);
  RowShape shape;
  const auto condition = match_key(shape, origins, true);
  const auto fields = fields_for(target_, schema_);
  std::string cells;
  std::vector<std::string> types;
  std::vector<TargetColumn> columns;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const auto& column = target_.columns[i];
    const auto type = what_.types.of(column, schema_);
    if (!type || fields[i].kind == Field::Kind::null) continue;
    types.push_back(type->sql);
    cells += (columns.empty() ? "" : ", ") + completed_cell(shape, column, fields[i], rows);
    columns.push_back(column);
  }
  CompletedRows completed{.table = what_.scratch.take(types), .columns = column_list(columns), .counts = {}};
  completed.counts.rows =
      with_rows(fmt::format("INSERT INTO {} SELECT {} FROM", completed.table, cells),
                fmt::format("JOIN {} AS t ON {}", table_, condition), shape, {.rows = rows, .origins = origins});
  completed.counts.overflow = overflow_;
  check_completed(schema_, rows.size(), completed.counts.rows);
  return completed;
}

std::uint64_t Operation::remove(std::span<const Removal> removals) {
  const RemovedRows removed(removals);
  const std::span<const RowRef> rows = removed.rows;
  RowShape shape;
  if (what_.rows.keyed) {
    const auto condition = match_key(shape, rows, false);
    return with_rows(fmt::format("DELETE FROM {} AS t USING", table_), "WHERE " + condition, shape, {.rows = rows});
  }
  const auto condition = match_content(shape, rows);
  const auto wanted = shape.add("pg_catalog.int8", {.kind = Field::Kind::count});
  const auto ordinal = shape.add("pg_catalog.int8", {.kind = Field::Kind::ordinal});
  return with_rows(
      fmt::format("DELETE FROM {0} AS gone USING (SELECT t.ctid AS place, {1} AS wanted, pg_catalog.row_number() OVER "
                  "(PARTITION BY {2}) AS nth FROM {0} AS t JOIN",
                  table_, wanted, ordinal),
      fmt::format("ON {}) AS found WHERE gone.ctid = found.place AND found.nth <= found.wanted", condition), shape,
      {.rows = rows, .counts = removed.counts});
}

AppendCounts Operation::append(std::span<const RowRef> rows, const CompletedRows* completed) {
  AppendCounts counts;
  check_overflow(target_, schema_, rows);
  if (!rows.empty()) {
    RowText text(fields_for(target_, schema_), schema_, provenance_of(what_.rows));
    const auto lines = text.copy_lines({.rows = rows});
    counts = {.rows = what_.session.copy(table_ + column_list(target_.columns), lines, doing_),
              .overflow = text.overflow_values()};
  }
  if (completed != nullptr) {
    change(fmt::format("INSERT INTO {}{} SELECT * FROM {}", table_, completed->columns, completed->table));
    what_.scratch.give_back(completed->table);
    counts.rows += completed->counts.rows;
    counts.overflow += completed->counts.overflow;
  }
  return counts;
}

}  // namespace

std::vector<Field> fields_for(const Target& target, const TableSchema& schema) {
  std::vector<Field> fields;
  for (const auto& column : target.columns) {
    using Kind = Field::Kind;
    auto& field = fields.emplace_back();
    switch (column.metadata) {
      case MetadataColumn::lsn:
        field.kind = column.name == "lsn" ? Kind::lsn_number : Kind::lsn;
        continue;
      case MetadataColumn::commit_time:
        field.kind = Kind::commit_time;
        continue;
      case MetadataColumn::load_id:
        field.kind = Kind::load_id;
        continue;
      case MetadataColumn::deletion:
      case MetadataColumn::operation:  // this and the next two are for destinations where changes are appended
      case MetadataColumn::sequence:
      case MetadataColumn::unchanged:
        continue;
      case MetadataColumn::none:
        break;
    }
    const auto* source = schema.find(column.source);
    if (source == nullptr) continue;
    field.kind = column.is_overflow ? Kind::overflow : Kind::value;
    field.column = static_cast<std::uint32_t>(source - schema.columns.data());
  }
  return fields;
}

std::string column_list(std::span<const TargetColumn> columns) {
  if (columns.empty()) return "";
  std::string list;
  for (const auto& column : columns) list += (list.empty() ? "(" : ", ") + identifier(column.name);
  return list + ")";
}

CompletedRows complete_rows(const RowOperation& what, std::span<const Patch> patches) {
  return Operation(what).complete(patches);
}

std::uint64_t remove_rows(const RowOperation& what, std::span<const Removal> removals) {
  return Operation(what).remove(removals);
}

AppendCounts append_rows(const RowOperation& what, std::span<const RowRef> rows, const CompletedRows* completed) {
  return Operation(what).append(rows, completed);
}

}  // namespace walbrook::destination::postgresql
