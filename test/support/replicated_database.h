// A new database, and the pipeline that copies it into a new file, into another new database of its server, or into a
// new folder of Parquet files. A
// lake has its catalog in a file, or in another new database.
#pragma once

#include <memory>
#include <string>

#include "test/support/oracle.h"
#include "test/support/postgres_server.h"
#include "test/support/walbrook_command.h"

namespace walbrook::test {

enum class CopiedTo { file, database, files, lake, lake_in_database };

class ReplicatedDatabase {
 public:
  explicit ReplicatedDatabase(PostgresServer& server = PostgresServer::shared(), CopiedTo to = CopiedTo::file);

  [[nodiscard]] PostgresServer& server() const { return database_.server(); }
  [[nodiscard]] const std::string& name() const { return database_.name(); }
  [[nodiscard]] std::string conninfo(const std::string& user = "postgres") const { return database_.conninfo(user); }
  // The DuckDB file, if that is the destination.
  [[nodiscard]] const std::filesystem::path& file() const { return pipeline.file; }
  [[nodiscard]] const TempFolder& folder() const { return folder_; }

  void exec(const std::string& sql) const { Sql(conninfo()).exec(sql); }
  [[nodiscard]] std::string value(const std::string& sql) const { return Sql(conninfo()).value(sql); }
  // Returns "" if the target tables equal the source (oracle.h).
  [[nodiscard]] std::string differences() const { return test::differences(comparison); }
  // Queries the copy. REQUIRES: no process has the file open.
  [[nodiscard]] std::string copied_value(const std::string& sql) const;

  // Returns "" if the slot's confirmed position is not past the checkpoint in the file (P3). If the file has no
  // checkpoint yet, there is nothing that the slot could be past.
  [[nodiscard]] std::string slot_past_checkpoint() const;

 private:
  TempFolder folder_;
  ScratchDatabase database_;
  std::unique_ptr<ScratchDatabase> copy_;  // the destination, if it is a database

  [[nodiscard]] bool has_checkpoint() const;
  void copy_into_lake(const std::string& catalog);

 public:
  Pipeline pipeline;
  Comparison comparison;
};

}  // namespace walbrook::test
