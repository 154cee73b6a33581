#include "destination/postgres/read_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "base/error.h"

namespace walbrook::destination::postgresql {
namespace {

constexpr int rows_at_once = 1'000;

// Returns what follows spaces, parentheses and comments.
std::string_view without_lead(std::string_view sql) {
  while (true) {
    sql.remove_prefix(std::min(sql.find_first_not_of(" \t\r\n("), sql.size()));
    const auto end = sql.starts_with("--") ? "\n" : sql.starts_with("/*") ? "*/" : "";
    if (*end == '\0') return sql;
    const auto found = sql.find(end);
    if (found == std::string_view::npos) return {};
    sql.remove_prefix(found + std::string_view(end).size());
  }
}

// Returns the statement's first word in capitals.
std::string first_word(std::string_view sql) {
  std::string word;
  for (const char c : without_lead(sql)) {
    if (std::isalpha(static_cast<unsigned char>(c)) == 0) break;
    word += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return word;
}

bool is_query(const std::string& word) {
  constexpr std::array<std::string_view, 4> words = {"SELECT", "WITH", "VALUES", "TABLE"};
  return std::ranges::find(words, word) != words.end();
}

// Runs a statement of a user, whose failures are the user's.
template <class Work>
auto of_user(const Work& work) {
  try {
    return work();
  } catch (const ServerError& failed) {
    throw Error(ErrorKind::configuration, failed.cause(), failed.remedy(), failed.facts());
  }
}

// The relations that a plan reads, at any depth.
void add_relations(const nlohmann::json& plan, std::set<std::pair<std::string, std::string>>& relations) {
  if (plan.is_object() && plan.contains("Relation Name")) {
    relations.emplace(plan.value("Schema", ""), plan.value("Relation Name", ""));
  }
  for (const auto& part : plan) {
    if (part.is_structured()) add_relations(part, relations);
  }
}

}  // namespace

PostgresReadSession::PostgresReadSession(std::unique_ptr<Session> session, ReadOptions options)
    : session_(std::move(session)),
      options_(std::move(options)),
      cancel_(PQgetCancel(session_->connection().raw()), PQfreeCancel) {
  begin();
}

PostgresReadSession::~PostgresReadSession() {
  session_->rollback();
}

void PostgresReadSession::begin() {
  all_.clear();
  session_->rollback();
  const auto exists =
      session_
          ->query(fmt::format("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = {}; "
                              "SELECT pg_catalog.to_regclass('_walbrook.format') IS NOT NULL",
                              options_.limits.timeout.count()),
                  {}, "beginning to read")
          .boolean(0, 0);
  if (!exists) return;
  const auto rows = session_->query("SELECT pipeline, lsn FROM _walbrook.checkpoint ORDER BY pipeline", {},
                                    "reading the checkpoints");
  for (int row = 0; row < rows.size(); ++row) {
    all_.push_back({.pipeline = rows.text(row, 0), .lsn = rows.lsn(row, 1)});
  }
  // Tables are found by their bare names: first this pipeline's.
  const auto schemas = session_->query(
      "SELECT pg_catalog.string_agg(pg_catalog.quote_ident(schema_name), ', ' ORDER BY mine DESC, schema_name <> "
      "'public', schema_name) FROM (SELECT schema_name, pg_catalog.bool_or(pipeline = $1) AS mine FROM "
      "_walbrook.targets WHERE kind = 'live' GROUP BY schema_name) s",
      {options_.pipeline}, "reading the target tables");
  if (schemas.is_null(0, 0)) return;
  session_->execute("SET LOCAL search_path = " + schemas.text(0, 0), "setting the search path");
}

Lsn PostgresReadSession::lsn() const {
  const auto found = std::ranges::find(all_, options_.pipeline, &PipelinePosition::pipeline);
  return found == all_.end() ? Lsn{} : found->lsn;
}

void PostgresReadSession::refresh() {
  begin();
}

void PostgresReadSession::interrupt() {
  std::array<char, 256> reason{};
  if (cancel_ != nullptr) PQcancel(cancel_.get(), reason.data(), static_cast<int>(reason.size()));
}

QueryResult PostgresReadSession::query(const std::string& sql, NestedCells /*nested*/) {
  if (session_->is_broken() || PQtransactionStatus(session_->connection().raw()) != PQTRANS_INTRANS) begin();
  try {
    auto result = of_user([&] { return run(sql); });
    find_positions(sql);
    return result;
  } catch (const Error&) {
    session_->rollback();  // later queries see the newest state
    throw;
  }
}

// A query is read through a cursor, so that no more rows than the limits allow are in memory.
QueryResult PostgresReadSession::run(const std::string& sql) {
  const auto word = first_word(sql);
  const bool has_rows_only = word == "EXPLAIN" || word == "SHOW";
  if (!is_query(word) && !has_rows_only) {
    throw Error(
        ErrorKind::configuration,
        fmt::format("the statement begins with {}, and only queries are answered", word.empty() ? "no word" : word),
        "Begin with SELECT, WITH, VALUES, TABLE, EXPLAIN or SHOW.");
  }
  auto statement = sql;
  statement.resize(statement.find_last_not_of(" \t\r\n;") + 1);
  QueryResult result;
  std::size_t bytes = 0;
  if (has_rows_only) {
    const auto rows = session_->query_one(statement, "querying");
    take_rows(rows, result, bytes);
    describe(result, rows.types());
    return result;
  }
  static_cast<void>(session_->query_one("DECLARE walbrook_query NO SCROLL CURSOR FOR " + statement, "querying"));
  while (true) {
    const auto rows = session_->query(fmt::format("FETCH {} FROM walbrook_query", rows_at_once), {}, "querying");
    take_rows(rows, result, bytes);
    if (rows.size() == rows_at_once) continue;
    describe(result, rows.types());
    break;
  }
  session_->execute("CLOSE walbrook_query", "querying");
  return result;
}

void PostgresReadSession::take_rows(const postgres::Rows& rows, QueryResult& result, std::size_t& bytes) const {
  const auto& limits = options_.limits;
  if (result.columns.empty()) {
    for (int column = 0; column < rows.columns(); ++column) {
      result.columns.push_back({.name = rows.name(column), .type = {}});
    }
  }
  for (int row = 0; row < rows.size(); ++row) {
    auto& cells = result.rows.emplace_back();
    for (int column = 0; column < rows.columns(); ++column) {
      cells.push_back(rows.is_null(row, column) ? std::nullopt : std::optional(rows.text(row, column)));
      if (cells.back()) bytes += cells.back()->size();
    }
  }
  if (limits.rows > 0 && result.rows.size() > limits.rows) {
    throw Error(
        ErrorKind::configuration, fmt::format("the result has more than {} rows", limits.rows),
        remedy("Reduce the result: add LIMIT, a WHERE, or aggregate. {} sets the limit.", RemedyOption::query_rows));
  }
  if (limits.bytes > 0 && bytes > limits.bytes) {
    throw Error(
        ErrorKind::configuration, fmt::format("the result has more than {} bytes", limits.bytes),
        remedy("Reduce the result: add LIMIT, a WHERE, or aggregate. {} sets the limit.", RemedyOption::query_bytes));
  }
}

void PostgresReadSession::describe(QueryResult& result, const std::vector<Oid>& types) {
  for (std::size_t i = 0; i < types.size() && i < result.columns.size(); ++i) {
    auto& column = result.columns[i];
    column.type =
        session_->query("SELECT pg_catalog.format_type($1, NULL)", {std::to_string(types[i])}, "naming a type")
            .text(0, 0);
    constexpr std::array<Oid, 7> numbers = {type_oid::int2,   type_oid::int4,   type_oid::int8,   type_oid::oid,
                                            type_oid::float4, type_oid::float8, type_oid::numeric};
    column.numeric = std::ranges::find(numbers, types[i]) != numbers.end();
    column.json = types[i] == type_oid::json || types[i] == type_oid::jsonb;
  }
}

// A query that reads target tables has the positions of their pipelines; of one that reads none, that of the only
// pipeline.
void PostgresReadSession::find_positions(const std::string& sql) {
  positions_.clear();
  if (all_.size() == 1) {
    positions_ = all_;
    return;
  }
  if (all_.empty() || !is_query(first_word(sql))) return;
  auto statement = sql;
  statement.resize(statement.find_last_not_of(" \t\r\n;") + 1);
  std::set<std::pair<std::string, std::string>> relations;
  const auto plan = session_->query_one("EXPLAIN (VERBOSE, FORMAT JSON) " + statement, "finding a query's tables");
  add_relations(nlohmann::json::parse(plan.json(0, 0), nullptr, false), relations);
  std::set<std::string> pipelines;
  const auto targets = session_->query("SELECT schema_name, table_name, pipeline FROM _walbrook.targets", {},
                                       "reading the target tables");
  for (int row = 0; row < targets.size(); ++row) {
    if (relations.contains({targets.text(row, 0), targets.text(row, 1)})) pipelines.insert(targets.text(row, 2));
  }
  for (const auto& each : all_) {
    if (pipelines.contains(each.pipeline)) positions_.push_back(each);
  }
}

std::unique_ptr<ArrowRows> PostgresReadSession::arrow_rows(const std::string& /*sql*/) {
  throw Error(ErrorKind::configuration, "a PostgreSQL destination answers no queries as Arrow batches",
              "Query it by a client of PostgreSQL's, such as ADBC.");
}

}  // namespace walbrook::destination::postgresql
