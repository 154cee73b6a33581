#include "cli/command_line_overrides.h"

#include <charconv>

#include "postgres/catalog/table_name.h"

namespace walbrook::cli {
namespace {

std::optional<int> number_of(const config::Value& value) {
  int number = 0;
  std::from_chars(value.text.data(), value.text.data() + value.text.size(), number);  // checked by the configuration
  return number;
}

ColumnOverride to_override(const std::map<std::string, config::Value>& fields) {
  ColumnOverride asked_for;
  for (const auto& [field, value] : fields) {
    if (field == "name") asked_for.name = value.text;
    if (field == "data_type") asked_for.data_type = value.text;
    if (field == "precision") asked_for.precision = number_of(value);
    if (field == "scale") asked_for.scale = number_of(value);
    if (field == "timezone") asked_for.timezone = value.text == "true";
    if (field == "nullable") asked_for.nullable = value.text == "true";
    if (field == "primary_key") asked_for.primary_key = value.text == "true";
    if (field == "merge_key") asked_for.merge_key = value.text == "true";
    if (field == "description") asked_for.description = value.text;
  }
  return asked_for;
}

}  // namespace

void read_overrides(const config::TableSetting& table, const postgres::TableName& name, replication::RunOptions& run) {
  if (table.overrides.empty()) return;
  auto& of_table =
      run.overrides.emplace_back(replication::TableOverrides{.schema = name.schema, .name = name.name, .columns = {}});
  for (const auto& [column, fields] : table.overrides) of_table.columns[column] = to_override(fields);
}

}  // namespace walbrook::cli
