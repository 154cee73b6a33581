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

void copy_outputs(DuckReader& copy, const nlohmann::json& records) {
  for (const auto& output : records.at("outputs")) {
    std::string values;
    for (const auto* key : {"schema", "name", "target_schema", "target_name", "state", "reason", "snapshot_lsn"}) {
      values += (values.empty() ? "" : ", ") + quote_literal(output.at(key).get<std::string>());
    }
    copy.exec("INSERT INTO _walbrook.outputs VALUES (" + values + ")");
  }
}

void copy_targets(DuckReader& copy, const nlohmann::json& records) {
  for (const auto& target : records.at("targets")) {
    const std::string schema = target.at("schema");
    const std::string table = target.at("table");
    auto columns = nlohmann::json::array();
    for (const auto& column : target.at("columns")) {
      if (!column.contains("source")) continue;
      columns.push_back({{"name", column.at("name")},
                         {"source", column.at("source")},
                         {"overflow", column.value("overflow", false)}});
    }
    copy.exec("INSERT INTO _walbrook.targets VALUES ('live', " + quote_literal(schema) + ", " + quote_literal(table) +
              ", " + quote_literal(columns.dump()) + ")");
    const auto name = quote_identifier(schema) + "." + quote_identifier(table);
    copy.exec("CREATE SCHEMA IF NOT EXISTS " + quote_identifier(schema) + "; CREATE TABLE " + name + " AS FROM views." +
              name);
  }
}

}  // namespace

void copy_files(const fs::path& lake, const fs::path& file) {
  fs::remove(file);
  DuckReader copy(file, DuckReader::Access::read_write);
  copy.exec(
      "CREATE SCHEMA _walbrook; CREATE TABLE _walbrook.outputs(source_schema VARCHAR, source_name VARCHAR, "
      "target_schema VARCHAR, target_name VARCHAR, state VARCHAR, reason VARCHAR, snapshot_lsn VARCHAR); "
      "CREATE TABLE _walbrook.checkpoint(lsn VARCHAR); CREATE TABLE _walbrook.targets(kind VARCHAR, schema_name "
      "VARCHAR, table_name VARCHAR, columns VARCHAR)");
  const auto own = copy.value("SELECT current_database()");
  copy.exec("ATTACH ':memory:' AS views; USE views; " + text_of(lake / "views.sql") + "; USE " + quote_identifier(own));
  for (const auto& pipeline : fs::directory_iterator(lake / "_walbrook")) {
    if (!fs::exists(pipeline.path() / "manifest.json")) continue;
    const auto manifest = nlohmann::json::parse(text_of(pipeline.path() / "manifest.json"));
    const auto number = std::to_string(manifest.at("records").get<std::int64_t>());
    const auto records = nlohmann::json::parse(text_of(pipeline.path() / ("records-" + number + ".json")));
    if (const auto& checkpoint = manifest.at("checkpoint"); !checkpoint.is_null()) {
      copy.exec("INSERT INTO _walbrook.checkpoint VALUES (" + quote_literal(checkpoint.at("lsn").get<std::string>()) +
                ")");
    }
    copy_outputs(copy, records);
    copy_targets(copy, records);
  }
}

}  // namespace walbrook::test
