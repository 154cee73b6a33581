// What the source's catalog says of the publication and its tables: read at start, and every few seconds while running,
// because the stream is silent about all of it.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/column_overrides.h"
#include "model/table_schema.h"
#include "postgres/catalog/catalog_moment.h"
#include "postgres/catalog/replica_identity.h"
#include "postgres/connection/connection.h"
#include "postgres/connection/known_server.h"

namespace walbrook::postgres {

// Why one table cannot be copied or followed as it is (table_obstacles.h).
struct TableObstacle {
  std::string reason;  // empty = nothing is in the way
  std::string remedy;  // SQL
  friend bool operator==(const TableObstacle&, const TableObstacle&) = default;
};

// One table to be copied: a published relation, or the root of published partitions.
struct SourceTable {
  Oid oid = 0;  // of the table or the partition root
  std::string schema;
  std::string name;
  bool partitioned = false;
  std::vector<Oid> members;  // relations whose changes are this table's: itself, and published leaves that map to it
  ReplicaIdentity identity = ReplicaIdentity::key;
  bool has_identity_key = false;      // identity `key` has a primary key, `index` an index
  TableIdentity row_identity;         // how UPDATE and DELETE name its rows
  std::vector<SourceColumn> columns;  // published ones, as they are now: an ALTER without later DML shows here only
  std::vector<std::string> published_columns;  // names; empty = all
  ResolvedOverrides overrides;                 // of the user, for the copy
  std::string row_filter;                      // SQL expression of the publication; empty = none
  std::int64_t estimated_rows = -1;            // pg_class.reltuples; -1 = never analyzed
  std::int64_t bytes = 0;                      // pg_table_size
  // As JSON (postgres/catalog/fingerprint.h): what may tell that rows changed without a message. Equal text: none did.
  std::string fingerprint;
  std::string unseen_partition;  // one that is unlogged or a foreign table: no message tells of its rows; empty = none
  TableObstacle unreadable;      // the role cannot copy its rows; its changes come all the same
  TableObstacle unfit;           // what is sent is not the whole table, or not what was asked of it
  // Its columns with their types here (read_table_schema), of a table that may begin without a copy of its rows;
  // nullptr of others (table_schema.h).
  TableSchemaRef described = nullptr;
  [[nodiscard]] std::string full_name() const { return schema + "." + name; }  // for people, not for SQL
};

// The OIDs of the tables as an SQL array literal, for `= ANY ($1::oid[])`.
[[nodiscard]] std::string oid_array(const std::vector<SourceTable>& tables);

// A table that walbrook's own publication leaves out, because publishing it would make UPDATE and DELETE fail.
struct LeftOutTable {
  Oid oid = 0;
  std::string schema;
  std::string name;
  std::string lack;    // why it has no replica identity that counts
  std::string remedy;  // the SQL that gives it one
  friend bool operator==(const LeftOutTable&, const LeftOutTable&) = default;
};

struct Publication {
  std::string name;
  bool all_tables = false;
  bool inserts = false, updates = false, deletes = false, truncates = false;
  bool via_partition_root = false;
  std::vector<SourceTable> tables;          // by schema and name
  std::vector<LeftOutTable> left_out = {};  // kept_publication.h
  std::set<Oid> joined = {};                // kept_publication.h: added to it since the run began
  bool is_incomplete = false;               // kept_publication.h: a change of it failed, and is tried again
  // Everything that was committed before `complete_to` is seen in it, and nothing that was committed at `position` or
  // behind it: the stream has brought all that is seen once it has come that far.
  Lsn complete_to, position;
  CatalogMoment moment;  // read by whoever needs it, after the tables
};

// The position behind which no record ends: behind the insert position of a log that stands right after a page header
// (24 or 40 bytes) nothing is yet.
[[nodiscard]] Lsn before_page_header(Lsn insert_position);
// nullopt: there is no such publication.
[[nodiscard]] std::optional<Publication> read_publication(Connection& catalog, const std::string& name);
}  // namespace walbrook::postgres
