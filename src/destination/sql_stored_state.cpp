#include "destination/sql_stored_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "base/quoting.h"
#include "base/text.h"
#include "destination/schema_versions.h"
#include "destination/target.h"

namespace walbrook::destination {
namespace {

// A row of a result, whose cells are found by the names of their columns.
class Cells {
 public:
  Cells(const QueryResult& result, std::size_t row) : result_(result), row_(result.rows.at(row)) {}

  [[nodiscard]] std::string text(std::string_view column) const {
    const auto found = std::ranges::find(result_.columns, column, &QueryResult::ColumnInfo::name);
    if (found == result_.columns.end()) return {};
    return row_.at(static_cast<std::size_t>(found - result_.columns.begin())).value_or("");
  }
  [[nodiscard]] std::int64_t number(std::string_view column) const {
    const auto digits = text(column);
    std::int64_t value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
  }
  [[nodiscard]] std::uint64_t count(std::string_view column) const {
    return static_cast<std::uint64_t>(number(column));
  }
  [[nodiscard]] Lsn lsn(std::string_view column) const { return Lsn::parse(text(column)).value_or(Lsn{}); }
  [[nodiscard]] std::optional<bool> boolean(std::string_view column) const {
    const auto written = text(column);
    return written.empty() ? std::nullopt : std::optional(written.starts_with('t'));
  }
  [[nodiscard]] WallTime time(std::string_view column) const {
    return WallTime(std::chrono::microseconds(number(column)));
  }

 private:
  const QueryResult& result_;
  const std::vector<std::optional<std::string>>& row_;
};

OutputRecord record_of(const Cells& cells) {
  OutputRecord record{
      .id = {static_cast<std::uint32_t>(cells.number("output"))},
      .source = static_cast<Oid>(cells.number("oid")),
      .schema = cells.text("source_schema"),
      .name = cells.text("source_name"),
      .role = cells.text("role"),
      .disposition = parse_disposition(cells.text("disposition")),
      .target_schema = cells.text("target_schema"),
      .target_name = cells.text("target_name"),
      .state = parse_output_state(cells.text("state")),
      .snapshot_lsn = cells.lsn("snapshot_lsn"),
      .reason = cells.text("reason"),
      .suspect = cells.text("suspect"),
      .columns = nullptr,
      .style = {.naming = parse_naming(cells.text("naming")), .metadata = parse_metadata(cells.text("metadata"))},
      .changes_only = cells.boolean("changes_only").value_or(false),
      .suspension = {.by_request = cells.boolean("by_request").value_or(false),
                     .attempts = static_cast<std::uint32_t>(cells.number("attempts")),
                     .retry_at = cells.time("retry_us")},
      .resync_where = cells.text("resync_where")};
  const auto columns = cells.text("columns");
  if (!columns.empty()) record.columns = std::make_shared<const TableSchema>(table_schema_from_json(columns));
  return record;
}

// Identifiers have no escapes. A name with control characters is shown instead of written, because it would
// act on the terminal that shows it.
std::string shown_identifier(const std::string& name) {
  return quote_identifier(printable(name));
}

// Returns the comment on a table: its name in the source, if it has one, and its state.
std::string comment_on(const OutputRecord& record) {
  const auto state = to_string(record.state);
  if (!record.has_source()) return fmt::format("-- {}\n", state);
  return fmt::format("-- {}, {}\n", printable(record.schema + "." + record.name), state);
}

std::string comment_on(const StoredColumn& column) {
  if (column.is_overflow) return fmt::format("  -- what {} cannot hold", printable(column.source));
  std::vector<std::string> notes;
  if (column.is_key) notes.emplace_back("key");
  if (!column.source.empty() && column.source != column.name) notes.push_back("source: " + printable(column.source));
  return notes.empty() ? "" : fmt::format("  -- {}", fmt::join(notes, ", "));
}

}  // namespace

SqlStoredState::SqlStoredState(AskSql ask, StateDialect dialect) : ask_(std::move(ask)), dialect_(std::move(dialect)) {}

std::string SqlStoredState::state_table(const char* name) const {
  return fmt::format("{}.{}", dialect_.state, name);
}

std::string SqlStoredState::microseconds(const char* column) const {
  return fmt::format(fmt::runtime(dialect_.microseconds), column);
}

std::vector<StoredPipeline> SqlStoredState::pipelines() const {
  std::vector<StoredPipeline> found;
  if (!dialect_.exists) return found;
  const auto result =
      ask_(fmt::format("SELECT *, {} AS written_us FROM {}", microseconds("written_at"), state_table("checkpoint")));
  for (std::size_t i = 0; i < result.rows.size(); ++i) {
    const Cells cells(result, i);
    found.push_back({.name = cells.text("pipeline"),
                     .checkpoint = {.slot = cells.text("slot"),
                                    .systemid = cells.text("systemid"),
                                    .timeline = cells.number("timeline"),
                                    .lsn = cells.lsn("lsn"),
                                    .publication = cells.text("publication"),
                                    .source = cells.text("source"),
                                    .selection = selection_from_json(cells.text("selection")),
                                    .made_slot = cells.boolean("made_slot"),
                                    .made_publication = cells.boolean("made_publication")},
                     .written = cells.time("written_us")});
  }
  // Pipelines into which only a program wrote.
  const auto others = ask_(fmt::format(
      "SELECT t.pipeline, {} AS written_us FROM {} t LEFT JOIN {} l ON l.pipeline = t.pipeline WHERE t.state = "
      "'loaded' "
      "AND t.pipeline NOT IN (SELECT pipeline FROM {}) GROUP BY t.pipeline",
      microseconds("max(l.finished_at)"), state_table("outputs"), state_table("loads"), state_table("checkpoint")));
  for (std::size_t i = 0; i < others.rows.size(); ++i) {
    const Cells cells(others, i);
    found.push_back({.name = cells.text("pipeline"), .checkpoint = {}, .written = cells.time("written_us")});
  }
  std::ranges::sort(found, {}, &StoredPipeline::name);
  return found;
}

std::vector<StoredTable> SqlStoredState::tables(const std::string& pipeline) const {
  std::vector<StoredTable> tables;
  if (!dialect_.exists) return tables;
  const auto result = ask_(
      fmt::format("SELECT *, {} AS retry_us FROM {} WHERE pipeline = {} ORDER BY source_schema, source_name, output",
                  microseconds("retry_at"), state_table("outputs"), quote_literal(pipeline)));
  for (std::size_t i = 0; i < result.rows.size(); ++i) {
    tables.push_back({.record = record_of(Cells(result, i)), .rows = std::nullopt, .columns = {}});
  }
  read_columns(pipeline, tables);
  count_rows(tables);
  return tables;
}

void SqlStoredState::read_columns(const std::string& pipeline, std::vector<StoredTable>& tables) const {
  const auto result = ask_(fmt::format(
      "SELECT t.schema_name, t.table_name, t.columns AS named, c.column_name, c.data_type FROM {} t JOIN {} c ON "
      "c.schema_name = t.schema_name AND c.table_name = t.table_name WHERE t.pipeline = {} AND t.kind = 'live' ORDER "
      "BY "
      "t.schema_name, t.table_name, c.column_index",
      state_table("targets"), dialect_.columns, quote_literal(pipeline)));
  std::map<std::pair<std::string, std::string>, StoredTable*> by_target;
  for (auto& table : tables) by_target[{table.record.target_schema, table.record.target_name}] = &table;
  std::vector<TargetColumn> named;
  for (std::size_t i = 0; i < result.rows.size(); ++i) {
    const Cells cells(result, i);
    const auto found = by_target.find({cells.text("schema_name"), cells.text("table_name")});
    if (found == by_target.end()) continue;
    auto& table = *found->second;
    if (table.columns.empty()) named = columns_from_json(cells.text("named"));
    StoredColumn column{.name = cells.text("column_name"), .type = cells.text("data_type"), .source = {}};
    const auto target = std::ranges::find(named, column.name, &TargetColumn::name);
    if (target != named.end()) {
      column.source = target->source;
      column.is_overflow = target->is_overflow;
      const auto& schema = table.record.columns;
      const auto* of_source = schema == nullptr || column.is_overflow ? nullptr : schema->find(column.source);
      column.is_key = of_source != nullptr && schema->has_key() && of_source->in_key;
    }
    table.columns.push_back(std::move(column));
  }
}

void SqlStoredState::count_rows(std::vector<StoredTable>& tables) const {
  std::vector<StoredTable*> counted;
  std::vector<TargetName> targets;
  for (auto& table : tables) {
    if (table.columns.empty()) continue;
    counted.push_back(&table);
    targets.push_back(table.record.target());
  }
  try {
    const auto rows = count_rows(targets);
    for (std::size_t i = 0; i < counted.size(); ++i) counted[i]->rows = rows[i];
  } catch (const Error& failed) {
    // A run may have replaced or dropped one of the tables meanwhile: everything else that is known is reported.
    if (failed.kind() != ErrorKind::configuration) throw;
  }
}

std::string SqlStoredState::definitions(const StoredPipeline& pipeline, const std::vector<StoredTable>& tables) const {
  const auto position = pipeline.checkpoint.lsn.is_set() ? " at " + pipeline.checkpoint.lsn.to_string() : "";
  auto text = fmt::format("-- pipeline {}{}\n", printable(pipeline.name), position);
  std::set<std::string> schemas;
  for (const auto& table : tables) {
    if (table.columns.empty() || !schemas.insert(table.record.target_schema).second) continue;
    text += fmt::format("CREATE SCHEMA IF NOT EXISTS {};\n", shown_identifier(table.record.target_schema));
  }
  for (const auto& table : tables) {
    if (table.columns.empty()) continue;
    text += fmt::format("\n{}CREATE TABLE {}.{} (\n", comment_on(table.record),
                        shown_identifier(table.record.target_schema), shown_identifier(table.record.target_name));
    for (const auto& column : table.columns) {
      const auto* const separator = &column == &table.columns.back() ? "" : ",";
      text += fmt::format("  {} {}{}{}\n", shown_identifier(column.name), printable(column.type), separator,
                          comment_on(column));
    }
    text += ");\n";
  }
  return text;
}

std::vector<std::uint64_t> SqlStoredState::count_rows(const std::vector<TargetName>& targets) const {
  std::vector<std::uint64_t> counts(targets.size());
  if (targets.empty()) return counts;
  std::string sql;
  for (const auto& target : targets) {
    sql += fmt::format("{}(SELECT count(*) FROM {}{}.{})", sql.empty() ? "SELECT " : ", ", dialect_.catalog,
                       quote_identifier(target.schema), quote_identifier(target.table));
  }
  const auto result = ask_(sql);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const auto digits = result.rows.at(0).at(i).value_or("");
    std::from_chars(digits.data(), digits.data() + digits.size(), counts[i]);
  }
  return counts;
}

std::vector<StoredLoad> SqlStoredState::loads(const std::string& pipeline, std::uint64_t limit) const {
  std::vector<StoredLoad> loads;
  if (!dialect_.exists) return loads;
  const auto result = ask_(fmt::format(
      "SELECT *, {} AS started_us, {} AS finished_us FROM {} WHERE pipeline = {} ORDER BY load_id DESC LIMIT "
      "{}",
      microseconds("started_at"), microseconds("finished_at"), state_table("loads"), quote_literal(pipeline), limit));
  for (std::size_t i = 0; i < result.rows.size(); ++i) {
    const Cells cells(result, i);
    StoredLoad load{.id = cells.number("load_id"),
                    .first_commit = cells.lsn("first_commit_lsn"),
                    .last_commit = cells.lsn("last_commit_lsn"),
                    .transactions = cells.count("transactions"),
                    .inserts = cells.count("inserts"),
                    .updates = cells.count("updates"),
                    .deletes = cells.count("deletes"),
                    .truncates = cells.count("truncates"),
                    .copied_rows = cells.count("copied_rows"),
                    .tables = {},
                    .started = cells.time("started_us"),
                    .finished = cells.time("finished_us")};
    const auto tables = nlohmann::json::parse(cells.text("tables"), nullptr, false);
    if (tables.is_object()) {
      for (const auto& [table, rows] : tables.items()) {
        if (rows.is_number()) load.tables.emplace_back(table, rows.get<std::uint64_t>());
      }
    }
    loads.push_back(std::move(load));
  }
  return loads;
}

std::uint64_t SqlStoredState::load_count(const std::string& pipeline) const {
  if (!dialect_.exists) return 0;
  const auto result = ask_(fmt::format("SELECT count(*) AS loads FROM {} WHERE pipeline = {}", state_table("loads"),
                                       quote_literal(pipeline)));
  return Cells(result, 0).count("loads");
}

std::vector<StoredSchemaVersion> SqlStoredState::schema_versions(const std::string& pipeline) const {
  std::vector<StoredSchemaVersion> versions;
  if (!dialect_.exists) return versions;
  const auto result =
      ask_(fmt::format("SELECT *, {} AS since_us FROM {} WHERE pipeline = {} ORDER BY since, output, version",
                       microseconds("since"), state_table("schema_versions"), quote_literal(pipeline)));
  for (std::size_t i = 0; i < result.rows.size(); ++i) {
    const Cells cells(result, i);
    versions.push_back({.output = cells.number("output"),
                        .table = cells.text("source_schema") + "." + cells.text("source_name"),
                        .columns = table_schema_from_json(cells.text("columns")),
                        .removed = says_removed(cells.text("columns")),
                        .since = cells.lsn("since_lsn"),
                        .at = cells.time("since_us")});
  }
  return versions;
}

}  // namespace walbrook::destination
