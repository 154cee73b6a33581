// A new source database with its own names of slot and publication, and a DuckDB file, used only through the library.
#pragma once

#include <gtest/gtest.h>
#include <walbrook/walbrook.h>

#include <string>

#include "test/support/duck_reader.h"
#include "test/support/oracle.h"
#include "test/support/postgres_server.h"
#include "test/support/walbrook_command.h"

namespace walbrook::test {

class Shop {
 public:
  explicit Shop(PostgresServer& server = PostgresServer::shared()) : database_(server), folder_("library") {}

  void exec(const std::string& sql) const { Sql(conninfo()).exec(sql); }
  [[nodiscard]] std::string value(const std::string& sql) const { return Sql(conninfo()).value(sql); }
  [[nodiscard]] std::string conninfo(const std::string& user = "postgres") const { return database_.conninfo(user); }
  [[nodiscard]] std::string slot() const { return "slot_" + database_.name(); }
  [[nodiscard]] std::string file() const { return folder_ / "shop.duckdb"; }
  [[nodiscard]] const std::string& name() const { return database_.name(); }

  [[nodiscard]] InitReplicationOptions init(TableNames tables, bool persist_snapshots = true) const {
    return {.slot_name = slot(),
            .pub_name = "pub",
            .table_names = std::move(tables),
            .credentials = conninfo(),
            .persist_snapshots = persist_snapshots};
  }
  [[nodiscard]] ReplicationResourceOptions following() const {
    return {.slot_name = slot(), .pub_name = "pub", .credentials = conninfo()};
  }
  [[nodiscard]] ReplicationResource changes() const { return replication_resource(following()); }
  [[nodiscard]] PipelineOptions options() const {
    return {.pipeline_name = "shop", .destination = file(), .dataset_name = "copy"};
  }

  [[nodiscard]] std::string copied(const std::string& sql) const { return DuckReader(file()).value(sql); }
  // Returns "" if every published table has a target table in dataset `copy` with the source's rows.
  [[nodiscard]] std::string differences(std::vector<std::string> tables = {}) const {
    return test::differences({.conninfo = conninfo(),
                              .publication = "pub",
                              .file = file(),
                              .tables = std::move(tables),
                              .dataset = "copy",
                              .gone_columns = {}});
  }
  [[nodiscard]] std::string published() const {
    return value(
        "SELECT string_agg(tablename, ',' ORDER BY tablename) FROM pg_publication_tables WHERE pubname = 'pub'");
  }
  [[nodiscard]] std::string confirmed() const {
    return value("SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = '" + slot() + "'");
  }

 private:
  ScratchDatabase database_;
  TempFolder folder_;
};

// Returns the error that `work` throws. The test fails if it throws none.
template <class Work>
Error error_of(Work work) {
  try {
    work();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no walbrook::Error was thrown";
  return {ErrorKind::internal, "none"};
}

}  // namespace walbrook::test
