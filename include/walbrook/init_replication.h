// Makes the source ready: a publication and a slot, and nothing else.
//
//   auto snapshots = walbrook::init_replication({.slot_name = "shop",
//                                                .pub_name = "shop",
//                                                .schema_name = "public",
//                                                .table_names = {"orders", "customers"},
//                                                .persist_snapshots = true});
//   pipeline.run(snapshots);   // the initial load
//
// Called again it adds what is missing: more tables, another column list, a slot that is gone. A table that is left out
// the second time stays published. A publication that walbrook did not make is left as it is; a table that it lacks is
// an Error with the SQL for its owner.
#pragma once

#include <chrono>
#include <stop_token>
#include <string>
#include <vector>

#include "walbrook/columns.h"
#include "walbrook/credentials.h"
#include "walbrook/export.h"
#include "walbrook/snapshot_resource.h"
#include "walbrook/table_names.h"

namespace walbrook {

struct InitReplicationOptions {
  std::string slot_name{};             // lower-case letters, digits and underscores
  std::string pub_name{};              //
  std::string schema_name = "public";  // of table names that have none, and of the whole schema
  // Absent: the whole schema, and runs add tables that are made later, as far as the role owns them. A table without
  // replica identity is left out, because its UPDATE and DELETE would fail in the source: a warning names it with the
  // SQL that gives it one. One that is named here is an Error of kind data, once publication and slot are made.
  TableNames table_names{};
  Credentials credentials{};
  std::string publish = "insert, update, delete, truncate";  // what is published, of an own publication
  bool persist_snapshots = false;                            // return a resource for each table's initial load
  // From PostgreSQL 15 on the own publication gets column lists. On 14, and in a publication that walbrook did not
  // make, columns are left out while copying and applying: say them to replication_resource as well then.
  IncludeColumns include_columns{};
  TableColumnOverrides columns{};
  // Drops the slot and the own publication first and creates them again. Changes that nobody has read are gone with the
  // slot, so a pipeline that followed it must run a snapshot resource next: that replaces its tables, whatever they
  // hold.
  bool reset = false;
  // A new slot waits for transactions that are writing in the source, at most so long; then Error(data), which names
  // them, and nothing is left of the attempt. 0 = without end.
  std::chrono::seconds snapshot_wait{300};
  std::stop_token stop{};  // ends that wait; then Error(source_not_ready)
};

// One resource a table with persist_snapshots, in the order of table_names (of a whole schema by name); else none.
// Throws Error: configuration, connection, permission_denied, source_not_ready.
WALBROOK_EXPORT std::vector<SnapshotResource> init_replication(const InitReplicationOptions& options);

}  // namespace walbrook
