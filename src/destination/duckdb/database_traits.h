// What differs between the databases that DuckDB writes: its own file, and what it attaches.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "destination/capabilities.h"
#include "destination/duckdb/duckdb_capabilities.h"
#include "destination/state.h"
#include "model/table_schema.h"

namespace walbrook::destination::duckdb {

class Connection;

// What a failed statement says about the database, for one that is attached.
enum class Failure {
  of_statement,  // the database is as it was
  conflict,      // the transaction was rolled back since another one wrote the same; it may be tried again
  unreachable,   // the database must be attached again; a COMMIT may or may not be durable
};

struct DatabaseTraits {
  const Capabilities& (*capabilities)() = duckdb::capabilities;
  // Transactions that overlap conflict if they write one table. So each pipeline's state is in a schema of its own, and
  // schema _walbrook has views of all of them.
  bool state_per_pipeline = false;
  // Any two transactions that write and overlap conflict, whatever they write. Those of this process wait for each
  // other.
  bool one_writer = false;
  // Several processes may have it open. A load therefore begins with the stored checkpoint, which is compared with the
  // one that this process left.
  bool many_processes = false;
  // Table functions of the attached database, in lower case, that only read it: queries may use them.
  std::vector<std::string_view> table_functions = {};
  // Those that show how the database is reached, with its password: queries may not use them.
  std::vector<std::string_view> refused_table_functions = {};
  // Called, outside a transaction, when the state's tables are there, before they get rows but the format's.
  std::function<void(Connection&, const std::string& schema)> state_was_made = {};
  // Called, outside a transaction, before a table with these columns is made in the schema.
  std::function<void(Connection&, const std::string& schema, std::span<const std::string> columns)> before_table = {};
  bool flat_defaults = false;  // a column of a nested type can have no DEFAULT
  // Called before a table gets these columns, in the transaction that alters it.
  std::function<void(Connection&, const std::string& schema, const std::string& table,
                     std::span<const ColumnSchema> columns)>
      before_columns = {};
  // Called, outside a transaction, after a table was made or got columns, and before it gets rows.
  std::function<void(Connection&, const std::string& schema, const std::string& table)> table_was_made = {};
  // Called before a load is committed, in its transaction.
  std::function<void(Connection&, const std::string& pipeline, const std::optional<Checkpoint>&)> before_commit = {};
  // Reads DuckDB's message; empty: every failure is `of_statement`.
  std::function<Failure(std::string_view message)> failure_of = {};
  // Returns the message of an `unreachable` failure for people, without passwords. Set if failure_of is.
  std::function<std::string(std::string_view message)> describe = {};
};

}  // namespace walbrook::destination::duckdb
