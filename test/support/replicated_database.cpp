#include "test/support/replicated_database.h"

#include "base/lsn.h"
#include "test/support/files_copy.h"
#include "test/support/lake_copy.h"

namespace walbrook::test {

ReplicatedDatabase::ReplicatedDatabase(PostgresServer& server, CopiedTo to)
    : folder_("copy"),
      database_(server),
      pipeline{.source = database_.conninfo(), .file = folder_ / "copy.duckdb", .slot = "slot_" + database_.name()},
      comparison{.conninfo = database_.conninfo(), .file = pipeline.file} {
  if (to == CopiedTo::files) {
    comparison.lake = folder_ / "lake";
    pipeline.server = "file://" + comparison.lake.string();
  } else if (to == CopiedTo::database) {
    copy_ = std::make_unique<ScratchDatabase>(server);
    pipeline.server = server.url(copy_->name());
    comparison.copy_conninfo = copy_->conninfo();
  } else if (to == CopiedTo::lake) {
    copy_into_lake((folder_ / "shop.ducklake").string());
  } else if (to == CopiedTo::lake_in_database) {
    copy_ = std::make_unique<ScratchDatabase>(server);
    copy_into_lake("postgres:" + copy_->conninfo());
  }
}

void ReplicatedDatabase::copy_into_lake(const std::string& catalog) {
  comparison.ducklake = "ducklake:" + catalog;
  pipeline.server = comparison.ducklake + "?data_path=" + (folder_ / "lake").string();
}

std::string ReplicatedDatabase::copied_value(const std::string& sql) const {
  auto copy = comparison;
  copy.file = pipeline.file;  // a test may let the pipeline write into another one
  const auto rows = open_copy(copy)->query(sql);
  return rows.empty() ? "" : rows.at(0).at(0).value_or("");
}

bool ReplicatedDatabase::has_checkpoint() const {
  if (!comparison.ducklake.empty()) return has_lake(comparison.ducklake);
  if (copy_ != nullptr) return copied_value("SELECT to_regclass('_walbrook.checkpoint') IS NOT NULL") == "t";
  if (!comparison.lake.empty()) return has_files_copy(comparison.lake);
  return std::filesystem::exists(pipeline.file) &&
         copied_value(
             "SELECT count(*) FROM duckdb_tables() WHERE schema_name = '_walbrook' AND table_name = 'checkpoint'") !=
             "0";
}

std::string ReplicatedDatabase::slot_past_checkpoint() const {
  if (!has_checkpoint()) return "";
  const auto confirmed =
      value("SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = " + quote_literal(pipeline.slot));
  const auto checkpoint = copied_value("SELECT lsn FROM _walbrook.checkpoint");
  if (confirmed.empty() || checkpoint.empty()) return "";
  const auto slot = Lsn::parse(confirmed);
  const auto durable = Lsn::parse(checkpoint);
  if (!slot || !durable) return "an LSN cannot be read: slot " + confirmed + ", checkpoint " + checkpoint;
  return *slot <= *durable ? "" : "the slot is at " + confirmed + ", past the checkpoint " + checkpoint;
}

}  // namespace walbrook::test
