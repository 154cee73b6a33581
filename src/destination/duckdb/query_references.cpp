#include "destination/duckdb/query_references.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace walbrook::destination::duckdb {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 4> query_nodes = {"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE",
                                                         "CTE_NODE"};
constexpr std::array<std::string_view, 8> from_items = {"BASE_TABLE",      "SUBQUERY", "JOIN",  "TABLE_FUNCTION",
                                                        "EXPRESSION_LIST", "EMPTY",    "PIVOT", "SHOW_REF"};

std::string text_member(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

[[noreturn]] void not_understood(std::string_view what) {
  throw Error(ErrorKind::configuration,
              fmt::format("the statement has a part ({}) that is not known to only read", what),
              "Write the query without it.");
}

template <class Known>
void require_known(const Known& known, const std::string& type) {
  if (std::ranges::find(known, type) == known.end()) not_understood(type);
}

// One object of the tree: a query node, an item of FROM, an expression, or a part of one.
void take_object(const json& object, bool calls_table_function, QueryReferences& out) {
  const auto type = text_member(object, "type");
  if (type.ends_with("_NODE")) require_known(query_nodes, type);
  if (object.contains("sample") && object.contains("alias")) require_known(from_items, type);
  if (type == "BASE_TABLE") {
    out.relations.push_back({.catalog = text_member(object, "catalog_name"),
                             .schema = text_member(object, "schema_name"),
                             .name = text_member(object, "table_name")});
  }
  if (object.contains("function_name")) {
    auto& calls = calls_table_function ? out.table_functions : out.functions;
    calls.push_back(folded(text_member(object, "function_name")));
  }
}

QueryReferences references_of(const json& statement) {
  struct Visit {
    const json* value;
    bool calls_table_function;
  };
  QueryReferences out;
  std::vector<Visit> open = {{&statement, false}};  // not by recursion: a tree may be as deep as the query is long
  while (!open.empty()) {
    const auto [value, calls_table_function] = open.back();
    open.pop_back();
    if (value->is_object()) take_object(*value, calls_table_function, out);
    if (!value->is_structured()) continue;
    const bool is_table_function = value->is_object() && text_member(*value, "type") == "TABLE_FUNCTION";
    for (const auto& [name, member] : value->items()) {
      open.push_back({&member, is_table_function && name == "function"});
    }
  }
  return out;
}

bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}

// Returns the end of the quoted text, comment, word or single character that begins at `at`. A text or comment that is
// not closed extends to the end.
std::size_t end_of_token(std::string_view sql, std::size_t at) {
  const auto after = [&](std::string_view end, std::size_t from) {
    const auto found = sql.find(end, from);
    return found == std::string_view::npos ? sql.size() : found + end.size();
  };
  const char c = sql[at];
  if (c == '\'' || c == '"')
    return after(std::string_view(&c, 1), at + 1);  // a doubled quote is two texts side by side
  if (sql.substr(at, 2) == "--") return after("\n", at);
  if (sql.substr(at, 2) == "/*") return after("*/", at + 2);
  if (!is_word(c)) return at + 1;
  while (at < sql.size() && is_word(sql[at])) ++at;
  return at;
}

bool is_comment(std::string_view sql, std::size_t at) {
  return sql.substr(at, 2) == "--" || sql.substr(at, 2) == "/*";
}

std::string_view without_leading_blanks(std::string_view sql) {
  std::size_t at = 0;
  while (at < sql.size() && (is_blank(sql[at]) || is_comment(sql, at)))
    at = is_blank(sql[at]) ? at + 1 : end_of_token(sql, at);
  return sql.substr(at);
}

// Removes one of `words` from the beginning of `sql`. Returns false if none of them is there.
bool take_word(std::string_view& sql, std::initializer_list<std::string_view> words) {
  sql = without_leading_blanks(sql);
  if (sql.empty() || !is_word(sql[0])) return false;
  const auto end = end_of_token(sql, 0);
  const bool found = std::ranges::any_of(words, [&](auto word) { return same_name(sql.substr(0, end), word); });
  if (found) sql.remove_prefix(end);
  return found;
}

// Returns what follows the parentheses at the beginning.
std::string_view after_parentheses(std::string_view sql) {
  int depth = 0;
  for (std::size_t at = 0; at < sql.size(); at = end_of_token(sql, at)) {
    if (sql[at] == '(') ++depth;
    if (sql[at] == ')' && --depth == 0) return sql.substr(at + 1);
  }
  return {};
}

}  // namespace

std::string QueryReferences::Relation::path() const {
  return (catalog.empty() ? "" : catalog + ".") + (schema.empty() ? "" : schema + ".") + name;
}

ParsedStatement parse_statement(Connection& connection, std::string_view sql) {
  const auto rows = connection.rows("SELECT json_serialize_sql($1::VARCHAR)::VARCHAR", sql);
  const auto tree = json::parse(rows.at(0).at(0).value_or(""), nullptr, false);
  ParsedStatement parsed;
  if (!tree.is_object() || tree.value("error", true)) {
    if (tree.is_object() && text_member(tree, "error_type") != "not implemented") {
      parsed.error = text_member(tree, "error_message");
    }
    return parsed;
  }
  const auto statements = tree.value("statements", json::array());
  if (statements.empty()) {
    parsed.error = "there is no statement";
    return parsed;
  }
  if (statements.size() > 1) {
    throw Error(ErrorKind::configuration, "more than one statement was given", "Send them one by one.");
  }
  parsed.references = references_of(statements[0]);
  return parsed;
}

std::vector<std::string_view> explained_statements(std::string_view sql) {
  if (!take_word(sql, {"explain"})) return {};
  while (take_word(sql, {"analyze", "analyse", "verbose"})) {
  }
  std::vector<std::string_view> texts = {sql};
  if (sql.starts_with('(')) texts.push_back(after_parentheses(sql));
  return texts;
}

std::string_view text_after_as(std::string_view sql) {
  int depth = 0;
  for (std::size_t at = 0; at < sql.size();) {
    const auto end = end_of_token(sql, at);
    if (sql[at] == '(') ++depth;
    if (sql[at] == ')') --depth;
    if (depth == 0 && same_name(sql.substr(at, end - at), "as")) return sql.substr(end);
    at = end;
  }
  return {};
}

}  // namespace walbrook::destination::duckdb
