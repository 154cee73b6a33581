#include "test/support/files_copy.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/quoting.h"
#include "test/support/duck_reader.h"

namespace walbrook::test {
namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& file) {
  std::ifstream in(file);
  std::ostringstream text;
  text << in.rdbuf();
  return std::move(text).str();
}

void put_outputs(DuckReader& copy, const nlohmann::json& records) {
  for (const auto& output : records.at("outputs")) {
    std::string values;
    for (const auto* key : {"schema", "name", "target_schema", "target_name", "state", "reason", "snapshot_lsn"}) {
      values += (values.empty() ? "" : ", ") + quote_literal(output.at(key).get<std::string>());
    }
    copy.exec("INSERT INTO _walbrook.outputs VALUES (" + values + ")");
  }
}

void put_targets(DuckReader& copy, const nlohmann::json& records) {
  for (const auto& target : records.at("targets")) {
    auto columns = nlohmann::json::array();
    for (const auto& column : target.at("columns")) {
      if (!column.contains("source")) continue;
      columns.push_back({{"name", column.at("name")},
                         {"source", column.at("source")},
                         {"overflow", column.value("overflow", false)}});
    }
    copy.exec("INSERT INTO _walbrook.targets VALUES ('live', " + quote_literal(target.at("schema").get<std::string>()) +
              ", " + quote_literal(target.at("table").get<std::string>()) + ", " + quote_literal(columns.dump()) + ")");
  }
}

void put_state(DuckReader& copy, const fs::path& folder) {
  const auto manifest = nlohmann::json::parse(text_of(folder / "manifest.json"));
  const auto number = std::to_string(manifest.at("records").get<std::int64_t>());
  const auto records = nlohmann::json::parse(text_of(folder / ("records-" + number + ".json")));
  if (const auto& checkpoint = manifest.at("checkpoint"); !checkpoint.is_null()) {
    copy.exec("INSERT INTO _walbrook.checkpoint VALUES (" + quote_literal(checkpoint.at("lsn").get<std::string>()) +
              ")");
  }
  put_outputs(copy, records);
  put_targets(copy, records);
}

}  // namespace

FilesCopy::FilesCopy(const fs::path& lake) : DuckCopy(":memory:", DuckReader::Access::read_write) {
  reader_.exec(
      "CREATE SCHEMA _walbrook; CREATE TABLE _walbrook.outputs(source_schema VARCHAR, source_name VARCHAR, "
      "target_schema VARCHAR, target_name VARCHAR, state VARCHAR, reason VARCHAR, snapshot_lsn VARCHAR); "
      "CREATE TABLE _walbrook.checkpoint(lsn VARCHAR); CREATE TABLE _walbrook.targets(kind VARCHAR, schema_name "
      "VARCHAR, table_name VARCHAR, columns VARCHAR)");
  reader_.exec(text_of(lake / "views.sql"));
  for (const auto& pipeline : fs::directory_iterator(lake / "_walbrook")) {
    if (fs::exists(pipeline.path() / "manifest.json")) put_state(reader_, pipeline.path());
  }
}

std::vector<SqlRow> FilesCopy::tables() {
  return query("SELECT schema_name, view_name FROM duckdb_views() WHERE NOT internal");
}

bool has_files_copy(const fs::path& lake) {
  return !lake.empty() && fs::exists(lake / "views.sql");
}

}  // namespace walbrook::test
