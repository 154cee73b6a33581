#include "destination/duckdb/query_check.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/utf8.h"
#include "destination/duckdb/open_file.h"

namespace walbrook::destination::duckdb {
namespace {

constexpr const char* what_is_allowed =
    "A query reads this file and nothing else: its tables and views, functions that compute, and table functions such "
    "as "
    "range, unnest, json_each, duckdb_tables or pragma_table_info.";

[[noreturn]] void refuse_statement() {
  throw Error(
      ErrorKind::configuration,
      "only statements that read are allowed: SELECT, FROM, WITH, VALUES, DESCRIBE, SHOW, SUMMARIZE, and EXPLAIN of "
      "one",
      "Only walbrook changes the target tables. Read a pragma as a table: FROM pragma_table_info('orders').");
}

// Returns the references of the statement or, for an EXPLAIN, of the statement that it explains.
QueryReferences references_of_query(Connection& connection, const std::string& sql) {
  auto texts = explained_statements(sql);
  if (texts.empty()) texts = {sql};
  std::string error;
  for (const auto text : texts) {
    auto parsed = parse_statement(connection, text);
    if (parsed.references) return *std::move(parsed.references);
    if (parsed.error.empty()) refuse_statement();
    if (error.empty()) error = std::move(parsed.error);
  }
  throw Error(ErrorKind::configuration, fmt::format("Parser Error: {}", first_line(error)));
}

}  // namespace

void QueryCheck::trust_definitions() {
  const std::lock_guard lock(mutex_);
  is_read_ = true;
}

QueryReferences QueryCheck::require_reading(Connection& connection, const std::string& sql) {
  if (!is_utf8(sql) || sql.find('\0') != std::string::npos) {
    throw Error(ErrorKind::configuration, "the statement is not a text in UTF-8");
  }
  auto references = references_of_query(connection, sql);
  const std::lock_guard lock(mutex_);
  if (!is_read_) definitions_.read(connection);
  is_read_ = true;
  if (const auto problem = definitions_.problem_of(connection, references)) {
    throw Error(ErrorKind::configuration, *problem, what_is_allowed);
  }
  definitions_.add_relations(references);
  return references;
}

}  // namespace walbrook::destination::duckdb
