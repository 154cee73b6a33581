#include "destination/duckdb/row_operations.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "base/error.h"
#include "destination/duckdb/chunk_writer.h"
#include "destination/duckdb/row_scan.h"
#include "destination/duckdb/types.h"

namespace walbrook::destination::duckdb {
namespace {

// Temporary tables are named with catalog and schema too: a source schema may be called `temp`.
constexpr const char* completed_tables = "temp.main._walbrook_completed_";
constexpr const char* sought_table = "temp.main._walbrook_sought";
constexpr const char* kept_table = "temp.main._walbrook_kept";

// Collects the columns of the rows that a statement reads as `s`.
class RowShape {
 public:
  explicit RowShape(const TableSchema& schema) : schema_(schema) {}

  // Each of these adds a column and returns its SQL.
  std::string add(std::string name, LogicalType type, Feed feed) {
    auto sql = "s." + name;
    columns_.push_back({std::move(name), std::move(type)});
    feeds_.push_back(feed);
    return sql;
  }
  std::string add_value(const char* prefix, std::uint32_t column, bool of_origin) {
    return add(fmt::format("{}{}", prefix, column), logical_type(schema_.columns[column].type),
               {.kind = Feed::Kind::value, .column = column, .of_origin = of_origin});
  }
  std::string add_overflow(const char* prefix, std::uint32_t column, bool of_origin) {
    return add(fmt::format("{}{}", prefix, column), logical_type({Layout::utf8}),
               {.kind = Feed::Kind::overflow, .column = column, .of_origin = of_origin});
  }
  std::string add_number(const char* name, Feed::Kind kind) {
    return add(name, logical_type({Layout::int64}), {.kind = kind});
  }
  std::string add_metadata(Feed::Kind kind) {
    switch (kind) {
      case Feed::Kind::lsn:
        return add("lsn", logical_type({Layout::uint64}), {.kind = kind});
      case Feed::Kind::commit_time:
        return add("commit_time", logical_type({Layout::timestamp_tz}), {.kind = kind});
      default:
        return add("load_id", logical_type({Layout::utf8}), {.kind = Feed::Kind::load_id});
    }
  }
  [[nodiscard]] ScannedRows take(const RowsOf& of, SelectedRows rows) {
    return {std::move(columns_), ChunkFiller(std::move(feeds_), of.schema, of.schema->full_name(), provenance_of(of)),
            rows};
  }

 private:
  const TableSchema& schema_;
  std::vector<ScannedRows::Column> columns_;
  std::vector<Feed> feeds_;
};

class Operation {
 public:
  explicit Operation(const RowOperation& what)
      : connection_(what.connection),
        target_(what.target),
        rows_(what.rows),
        schema_(*what.rows.schema),
        doing_("merging changes of " + schema_.full_name()),
        table_(connection_.database().full_name(target_.schema, target_.table)) {}

  CompletedRows complete(std::span<const Patch> patches, int number);
  std::uint64_t remove(std::span<const Removal> removals);
  AppendCounts append(std::span<const RowRef> rows, const CompletedRows* completed);

 private:
  std::uint64_t execute(const std::string& sql) { return connection_.execute(sql, doing_); }
  std::uint64_t execute(const std::string& before, const std::string& after, RowShape& shape, SelectedRows rows) {
    auto scanned = shape.take(rows_, rows);
    const auto changed = connection_.database().row_scan().execute(connection_, before, after, scanned, doing_);
    overflow_ += scanned.filler.overflow_values();
    return changed;
  }

  // Returns the condition under which a row `t` of the target is the sought row `s`, over `columns` of `rows`. It is an
  // equality if no sought value is NULL: the scan of the target then skips what is outside the sought values' range.
  std::string match(RowShape& shape, std::span<const std::size_t> columns, std::span<const RowRef> rows,
                    bool of_origin) {
    std::string sql;
    const auto also = [&sql](const std::string& condition) { sql += (sql.empty() ? "" : " AND ") + condition; };
    for (const auto c : columns) {
      const auto column = static_cast<std::uint32_t>(c);
      const auto here = "t." + identifier(place_of(target_, schema_, c).name);
      const auto there = shape.add_value("k", column, of_origin);
      if (!any_null(rows, c)) {
        also(here + " = " + there);
      } else {
        also(here + " IS NOT DISTINCT FROM " + there);
        // A value that the column cannot hold is NULL in it; its text distinguishes it.
        if (const auto* overflow = target_.overflow_of(schema_.columns[c].name)) {
          also("t." + identifier(overflow->name) + " IS NOT DISTINCT FROM " +
               shape.add_overflow("kv", column, of_origin));
        } else if (any_overflow(rows, c)) {
          also(shape.add_overflow("kv", column, of_origin) + " IS NULL");  // the target holds no such value
        }
      }
      if (!rows_.keyed) also_exactly(schema_.columns[c].type, here, there, also);
    }
    return sql.empty() ? "TRUE" : sql;
  }
  // Rows without a key are identified by their content. Values that DuckDB calls equal are distinguished here if
  // PostgreSQL prints them differently ('1 mon' = '30 days', 0.0 = -0.0).
  template <class Also>
  static void also_exactly(const PhysicalType& type, const std::string& here, const std::string& there,
                           const Also& also) {
    if (type.layout == Layout::float32 || type.layout == Layout::float64) {
      also(fmt::format("({0} = 0 AND signbit({0})) IS NOT DISTINCT FROM ({1} = 0 AND signbit({1}))", here, there));
    } else if (prints_otherwise(type)) {
      also(here + "::VARCHAR IS NOT DISTINCT FROM " + there + "::VARCHAR");
    }
  }
  // Returns whether the type is, or contains at any depth, an interval or a float.
  static bool prints_otherwise(const PhysicalType& type) {
    return type.layout == Layout::interval || type.layout == Layout::float32 || type.layout == Layout::float64 ||
           std::ranges::any_of(type.children, prints_otherwise);
  }

  static std::string completed_cell(RowShape& shape, const Feed& feed, const std::string& here,
                                    std::span<const RowRef> rows) {
    if (feed.kind == Feed::Kind::null) return "NULL";
    if (feed.kind != Feed::Kind::value && feed.kind != Feed::Kind::overflow) return shape.add_metadata(feed.kind);
    auto value = feed.kind == Feed::Kind::overflow ? shape.add_overflow("cv", feed.column, false)
                                                   : shape.add_value("c", feed.column, false);
    if (std::ranges::none_of(rows, [&](const RowRef& row) { return row.batch->unchanged(row.row, feed.column); })) {
      return value;
    }
    const auto flag =
        shape.add(fmt::format("{}{}", feed.kind == Feed::Kind::overflow ? "uv" : "u", feed.column),
                  logical_type({Layout::boolean}), {.kind = Feed::Kind::unchanged, .column = feed.column});
    return fmt::format("CASE WHEN {} THEN {} ELSE {} END", flag, here, value);
  }

  // Removes, for each sought row, the `count` given for it of the rows that are equal to it.
  std::uint64_t remove_by_content(RowShape& shape, SelectedRows rows) {
    std::vector<std::size_t> all(schema_.columns.size());
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
    const auto condition = match(shape, all, rows.rows, false);
    shape.add_number("wanted", Feed::Kind::count);
    shape.add_number("ordinal", Feed::Kind::ordinal);
    if (target_.has_column_named(capabilities().names, "rowid")) {
      return remove_without_rowid(shape, rows, condition);
    }
    return execute(
        fmt::format("DELETE FROM {0} WHERE rowid IN (SELECT place FROM (SELECT t.rowid AS place, s.wanted AS wanted, "
                    "row_number() OVER (PARTITION BY s.ordinal) AS nth FROM {0} AS t JOIN ",
                    table_),
        fmt::format(" AS s ON {}) WHERE nth <= wanted)", condition), shape, rows);
  }
  // A source column called rowid hides DuckDB's own. In that case the equal rows that stay are saved, all equal rows
  // are deleted, and the saved ones are written again.
  std::uint64_t remove_without_rowid(RowShape& shape, SelectedRows rows, const std::string& condition) {
    execute(fmt::format("CREATE TEMP TABLE {} AS SELECT * FROM ", sought_table), "", shape, rows);
    std::string cells;
    std::string aliases;
    const auto names = column_names(connection_, target_.schema, target_.table);
    for (std::size_t i = 0; i < names.size(); ++i) {
      cells += fmt::format("t.{} AS c{}, ", identifier(names[i]), i);
      aliases += fmt::format("{}c{}", i == 0 ? "" : ", ", i);
    }
    execute(fmt::format(
        "CREATE TEMP TABLE {} AS SELECT {} FROM (SELECT {} s.wanted AS wanted, row_number() OVER (PARTITION "
        "BY s.ordinal) AS nth FROM {} AS t JOIN {} AS s ON {}) WHERE nth > wanted",
        kept_table, aliases, cells, table_, sought_table, condition));
    const auto deleted =
        execute(fmt::format("DELETE FROM {} AS t USING {} AS s WHERE {}", table_, sought_table, condition));
    const auto kept = execute(fmt::format("INSERT INTO {} SELECT * FROM {}", table_, kept_table));
    execute(fmt::format("DROP TABLE {}", kept_table));
    execute(fmt::format("DROP TABLE {}", sought_table));
    return deleted - kept;
  }

  Connection& connection_;
  const Target& target_;
  const RowsOf& rows_;
  const TableSchema& schema_;
  std::string doing_;
  std::string table_;
  std::uint64_t overflow_ = 0;  // overflowing values in the rows that statements read
};

CompletedRows Operation::complete(std::span<const Patch> patches, int number) {
  const PatchedRows patched(patches);
  const std::span<const RowRef> rows = patched.rows;
  const std::span<const RowRef> origins = patched.origins;
  check_overflow(target_, schema_, rows);
  CompletedRows completed{.table = fmt::format("{}{}", completed_tables, number), .counts = {}};
  RowShape shape(schema_);
  const auto condition = match(shape, schema_.key_columns(), origins, true);
  const auto names = column_names(connection_, target_.schema, target_.table);
  const auto feeds = feeds_for(names, target_, schema_);
  std::string cells;
  for (std::size_t i = 0; i < names.size(); ++i) {
    cells += (i == 0 ? "" : ", ") + completed_cell(shape, feeds[i], "t." + identifier(names[i]), rows);
  }
  execute(fmt::format("CREATE TEMP TABLE {} AS SELECT * FROM {} LIMIT 0", completed.table, table_));
  completed.counts.rows =
      execute(fmt::format("INSERT INTO {} SELECT {} FROM ", completed.table, cells),
              fmt::format(" AS s JOIN {} AS t ON {}", table_, condition), shape, {rows, origins, {}});
  completed.counts.overflow = overflow_;
  check_completed(schema_, rows.size(), completed.counts.rows);
  return completed;
}

std::uint64_t Operation::remove(std::span<const Removal> removals) {
  const RemovedRows removed(removals);
  const std::span<const RowRef> rows = removed.rows;
  RowShape shape(schema_);
  if (!rows_.keyed) return remove_by_content(shape, {rows, {}, removed.counts});
  const auto condition = match(shape, schema_.key_columns(), rows, false);
  return execute(fmt::format("DELETE FROM {} AS t USING ", table_), fmt::format(" AS s WHERE {}", condition), shape,
                 {rows, {}, {}});
}

AppendCounts Operation::append(std::span<const RowRef> rows, const CompletedRows* completed) {
  AppendCounts counts;
  check_overflow(target_, schema_, rows);
  if (!rows.empty()) {
    ChunkWriter writer(connection_, target_, rows_.schema, provenance_of(rows_));
    writer.write(SelectedRows{.rows = rows, .origins = {}, .counts = {}});
    writer.close();
    counts = {.rows = rows.size(), .overflow = writer.overflow_values()};
  }
  if (completed != nullptr) {
    execute(fmt::format("INSERT INTO {} SELECT * FROM {}", table_, completed->table));
    execute(fmt::format("DROP TABLE {}", completed->table));
    counts.rows += completed->counts.rows;
    counts.overflow += completed->counts.overflow;
  }
  return counts;
}

}  // namespace

CompletedRows complete_rows(const RowOperation& what, std::span<const Patch> patches, int number) {
  return Operation(what).complete(patches, number);
}

std::uint64_t remove_rows(const RowOperation& what, std::span<const Removal> removals) {
  return Operation(what).remove(removals);
}

AppendCounts append_rows(const RowOperation& what, std::span<const RowRef> rows, const CompletedRows* completed) {
  return Operation(what).append(rows, completed);
}

}  // namespace walbrook::destination::duckdb
