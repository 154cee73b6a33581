#include "cli/command_line_hints.h"

#include <charconv>

#include "postgres/catalog/table_name.h"

namespace walbrook::cli {
namespace {

std::optional<int> number_of(const config::Value& value) {
  int number = 0;
  std::from_chars(value.text.data(), value.text.data() + value.text.size(), number);  // the configuration checked it
  return number;
}

ColumnHint to_hint(const std::map<std::string, config::Value>& fields) {
  ColumnHint hint;
  for (const auto& [field, value] : fields) {
    if (field == "name") hint.name = value.text;
    if (field == "data_type") hint.data_type = value.text;
    if (field == "precision") hint.precision = number_of(value);
    if (field == "scale") hint.scale = number_of(value);
    if (field == "timezone") hint.timezone = value.text == "true";
    if (field == "nullable") hint.nullable = value.text == "true";
    if (field == "primary_key") hint.primary_key = value.text == "true";
    if (field == "merge_key") hint.merge_key = value.text == "true";
    if (field == "description") hint.description = value.text;
  }
  return hint;
}

}  // namespace

void read_hints(const config::TableSetting& table, const postgres::TableName& name, replication::RunOptions& run) {
  if (table.hints.empty()) return;
  auto& hinted =
      run.hints.emplace_back(replication::HintedTable{.schema = name.schema, .name = name.name, .hints = {}});
  for (const auto& [column, fields] : table.hints) hinted.hints[column] = to_hint(fields);
}

}  // namespace walbrook::cli
