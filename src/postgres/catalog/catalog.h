// The publication and its tables as the source's catalog describes them. They are read at the start and every few
// seconds during a run, because the stream reports none of this.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/column.h"
#include "model/column_overrides.h"
#include "model/table_schema.h"
#include "postgres/catalog/catalog_moment.h"
#include "postgres/catalog/replica_identity.h"
#include "postgres/connection/connection.h"
#include "postgres/connection/known_server.h"

namespace walbrook::postgres {

// Why a table cannot be copied or followed in its present state (table_obstacles.h).
struct TableObstacle {
  std::string reason;  // empty = no obstacle
  std::string remedy;  // SQL
  friend bool operator==(const TableObstacle&, const TableObstacle&) = default;
};

// The operations of a table that are published: those of all publications that hold it.
struct PublishedOperations {
  bool inserts = true, updates = true, deletes = true, truncates = true;
  friend bool operator==(const PublishedOperations&, const PublishedOperations&) = default;
};

// A table to be copied: a published relation, or the root of published partitions.
struct SourceTable {
  Oid oid = 0;  // of the table or the partition root
  std::string schema;
  std::string name;
  bool partitioned = false;
  bool via_root = false;           // changes of its partitions are sent as its own
  PublishedOperations operations;  // of the table and of its partitions
  std::vector<Oid> members;        // relations whose changes belong to it: itself, and published leaves that map to it
  ReplicaIdentity identity = ReplicaIdentity::key;
  bool has_identity_key = false;      // for `key`: it has a primary key; for `index`: it has that index
  TableIdentity row_identity;         // how UPDATE and DELETE identify its rows
  std::vector<SourceColumn> columns;  // the published ones at present: an ALTER without later DML is visible only here
  std::vector<std::string> published_columns;  // names; empty = all
  ResolvedOverrides overrides;                 // the user's, for the copy
  std::string row_filter;                      // SQL expression: the publications' filters, joined by OR; empty = none
  // Names of publications that publish different columns of it, for people. The server ends a stream of both with an
  // error at the table's first change. Empty = they agree.
  std::string disagreement;
  std::int64_t estimated_rows = -1;  // pg_class.reltuples; -1 = never analyzed
  std::int64_t bytes = 0;            // pg_table_size
  // JSON (postgres/catalog/fingerprint.h) of whatever may reveal that rows changed without a message. If two of them
  // are equal, none did.
  std::string fingerprint;
  // Why only its INSERTs and TRUNCATEs are followed, for people; empty = all changes are, as far as they are published.
  // Set by KeptPublication for tables of its publication for tables without replica identity.
  std::string partial;
  std::string unseen_partition;  // an unlogged or foreign one, whose rows cause no messages; empty = none
  TableObstacle unreadable;      // the role cannot copy its rows; its changes arrive nevertheless
  TableObstacle unfit;           // what is sent is not the whole table, or not what was requested
  // Its columns with their types (read_table_schema), if the table may start without a copy of its rows; otherwise
  // nullptr (table_schema.h).
  TableSchemaRef described = nullptr;
  // With `described`: of each column that was added with a default, the value of the rows that were there before, as a
  // column of one row. Columns whose value cannot be kept are left out.
  std::map<std::string, std::shared_ptr<const Column>> missing{};
  [[nodiscard]] std::string full_name() const { return schema + "." + name; }  // for people, not for SQL
};

// Returns the OIDs of the tables as an SQL array literal, for `= ANY ($1::oid[])`.
[[nodiscard]] std::string oid_array(const std::vector<SourceTable>& tables);

// A table that walbrook's own publication leaves out, because publishing it would make UPDATE and DELETE fail.
struct LeftOutTable {
  Oid oid = 0;
  std::string schema;
  std::string name;
  std::string lack;    // why it has no usable replica identity
  std::string remedy;  // the SQL that gives it one
  friend bool operator==(const LeftOutTable&, const LeftOutTable&) = default;
};

// One publication, or several that are read as one, as pgoutput unites them for a stream: the tables and operations of
// all. Flags are set if one of the publications has them.
struct Publication {
  std::string name;  // or a list of names (base/publication_list.h)
  bool all_tables = false;
  bool inserts = false, updates = false, deletes = false, truncates = false;
  bool via_partition_root = false;
  std::vector<SourceTable> tables;          // sorted by schema and name
  std::vector<LeftOutTable> left_out = {};  // kept_publication.h
  std::set<Oid> joined = {};                // kept_publication.h: tables added to it since the run began
  bool is_incomplete = false;               // kept_publication.h: a change to it failed and will be tried again
  // Everything committed before `complete_to` is visible in it, and nothing committed at or after `position` is. Once
  // the stream has reached `position`, it has delivered everything that is visible here.
  Lsn complete_to, position;
  CatalogMoment moment;  // read after the tables, by the callers that need it; otherwise unset
};

// Returns a position after which no record ends, given the log's insert position. If that is right after a page header,
// the page holds no record yet, and the result is the start of the page. A header has 24 bytes, and 40 on a segment's
// first page; 40 bytes into another page, the end of a record is before the position.
[[nodiscard]] Lsn before_page_header(Lsn insert_position);
// Reads one publication, or those of a list (base/publication_list.h) as one. Returns nullopt if one does not exist.
[[nodiscard]] std::optional<Publication> read_publication(Connection& catalog, const std::string& list);
// Returns those of the names that no publication has.
[[nodiscard]] std::vector<std::string> missing_publications(Connection& catalog, const std::vector<std::string>& names);
// Returns the names as a literal of type name[].
[[nodiscard]] std::string name_array(const std::vector<std::string>& names);
}  // namespace walbrook::postgres
