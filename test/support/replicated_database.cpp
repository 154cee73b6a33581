#include "test/support/replicated_database.h"

#include "base/lsn.h"
#include "test/support/duck_reader.h"

namespace walbrook::test {

ReplicatedDatabase::ReplicatedDatabase(PostgresServer& server)
    : folder_("copy"),
      database_(server),
      pipeline{.source = database_.conninfo(), .file = folder_ / "copy.duckdb", .slot = "slot_" + database_.name()},
      comparison{.conninfo = database_.conninfo(), .file = pipeline.file} {}

std::string ReplicatedDatabase::copied_value(const std::string& sql) const {
  return DuckReader(file()).value(sql);
}

std::string ReplicatedDatabase::slot_past_checkpoint() const {
  if (!std::filesystem::exists(file())) return "";
  const auto confirmed =
      value("SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = " + quote_literal(pipeline.slot));
  DuckReader copy(file());
  if (copy.value(
          "SELECT count(*) FROM duckdb_tables() WHERE schema_name = '_walbrook' AND table_name = 'checkpoint'") ==
      "0") {
    return "";
  }
  const auto checkpoint = copy.value("SELECT lsn FROM _walbrook.checkpoint");
  if (confirmed.empty() || checkpoint.empty()) return "";
  const auto slot = Lsn::parse(confirmed);
  const auto durable = Lsn::parse(checkpoint);
  if (!slot || !durable) return "an LSN cannot be read: slot " + confirmed + ", checkpoint " + checkpoint;
  return *slot <= *durable ? "" : "the slot is at " + confirmed + ", past the checkpoint " + checkpoint;
}

}  // namespace walbrook::test
