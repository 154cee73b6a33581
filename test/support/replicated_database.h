// A database of its own, and the pipeline that copies it into a file of its own.
#pragma once

#include <string>

#include "test/support/oracle.h"
#include "test/support/postgres_server.h"
#include "test/support/walbrook_command.h"

namespace walbrook::test {

class ReplicatedDatabase {
 public:
  explicit ReplicatedDatabase(PostgresServer& server = PostgresServer::shared());

  [[nodiscard]] PostgresServer& server() const { return database_.server(); }
  [[nodiscard]] const std::string& name() const { return database_.name(); }
  [[nodiscard]] std::string conninfo(const std::string& user = "postgres") const { return database_.conninfo(user); }
  [[nodiscard]] std::filesystem::path file() const { return pipeline.file; }
  [[nodiscard]] const TempFolder& folder() const { return folder_; }

  void exec(const std::string& sql) const { Sql(conninfo()).exec(sql); }
  [[nodiscard]] std::string value(const std::string& sql) const { return Sql(conninfo()).value(sql); }
  // "" when the copy equals the source (oracle.h).
  [[nodiscard]] std::string differences() const { return test::differences(comparison); }
  // Of the copy; nobody may have the file open.
  [[nodiscard]] std::string copied_value(const std::string& sql) const;

  // "" when the slot's confirmed position is not past the checkpoint that the file holds (P3). A file without a
  // checkpoint has nothing yet that the slot could be past.
  [[nodiscard]] std::string slot_past_checkpoint() const;

 private:
  TempFolder folder_;
  ScratchDatabase database_;

 public:
  Pipeline pipeline;
  Comparison comparison;
};

}  // namespace walbrook::test
