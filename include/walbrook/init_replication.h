// Prepares the source: creates a publication and a slot, event triggers if they are asked for, and nothing else.
//
//   auto snapshots = walbrook::init_replication({.slot_name = "shop",
//                                                .pub_name = "shop",
//                                                .schema_name = "public",
//                                                .table_names = {"orders", "customers"},
//                                                .persist_snapshots = true});
//   pipeline.run(snapshots);   // the initial load
//
// A second call adds what is missing: more tables, another column list, a slot that is gone. A table that the second
// call does not name stays published. A publication that walbrook did not create is not changed; if it lacks a table,
// init_replication throws an Error whose remedy is the SQL for the publication's owner.
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
  std::string slot_name{};  // lower-case letters, digits and underscores
  // 1 to 63 bytes. Or several publications, "sales,stock", a name with a comma in double quotes: they must exist, and
  // none of them is altered or dropped.
  std::string pub_name{};
  std::string schema_name = "public";  // of table names that have none; its tables are published if none is named
  // The tables to publish. If empty, all tables of schema_name are published, and runs add tables that are created
  // later, as far as the role owns them. A table without a replica identity is left out, because its UPDATE and DELETE
  // would fail in the source; a warning names the table, with the SQL that gives it an identity. If such a table is
  // named here, Error(data) is thrown after publication and slot are created. (See keyless_inserts.)
  TableNames table_names{};
  Credentials credentials{};
  std::string publish = "insert, update, delete, truncate";  // operations that walbrook's own publication sends
  bool persist_snapshots = false;                            // return a resource for each table's initial load
  // On PostgreSQL 15 and later, walbrook's own publication gets column lists. On 14, and in a publication that walbrook
  // did not create, other columns are omitted while rows are copied and changes are applied: give the same
  // include_columns to replication_resource then.
  IncludeColumns include_columns{};
  // For the snapshot resources. REQUIRES: persist_snapshots, and each table is among those that are published.
  TableColumnOverrides columns{};
  // Tables without a replica identity, which table_names may name then, are published by a second publication,
  // "<pub_name>_keyless", with INSERT and TRUNCATE only: their new rows arrive, and their updates and deletes are not
  // followed. REQUIRES: one publication, which walbrook created. Set the same option of replication_resource. If the
  // slot exists and has changes from before the second publication, the tables get no snapshot resource, and a warning
  // says so: a run of replication_resource applies these changes, and the next call returns the resources.
  bool keyless_inserts = false;
  // Drops the slot and walbrook's own publications first, then creates them again. (See ddl_trigger.) Changes that
  // nobody has read are lost with the slot, so a pipeline that followed it must run a snapshot resource next, which
  // replaces all of its tables, whatever they hold.
  bool reset = false;
  // How long a new slot waits for transactions that are writing in the source. After that time Error(data) names them,
  // and what this call created is dropped again. 0 means no limit.
  std::chrono::seconds snapshot_wait{300};
  std::stop_token stop{};  // ends that wait with Error(source_not_ready)
  // The source may be a standby of PostgreSQL 16 or later. It must have the publication, which only the primary can
  // create. Its slot begins at a list of running transactions, which the primary writes about every 15 seconds while it
  // has work (pg_log_standby_snapshot() writes one). The resources that are returned read from a standby as well. The
  // server may also be a primary, for example after a promotion.
  bool standby = false;
  // The slot is a failover slot, which standbys can synchronize (PostgreSQL 17 and later). An existing slot becomes
  // one; nothing else may read it meanwhile, otherwise Error(source_not_ready) is thrown after 10 seconds. A slot of a
  // standby cannot be one. With false, an existing slot stays as it is.
  bool failover = false;
  // Event triggers in the database send a description of each table that is altered into the stream, so that schema
  // changes are followed in place that would otherwise cost a resync or suspend a table (docs/ddl-trigger.md). All
  // slots of the database share them, and every run uses them if they exist. If they do not, the role must be a
  // superuser. Their creation waits for transactions that are writing (see snapshot_wait); after a failure of that
  // wait, what this call created is dropped again. With false, existing ones stay; with reset, they are dropped if
  // walbrook created them, the role may drop them and no other slot of the database reads pgoutput.
  bool ddl_trigger = false;
};

// Returns one resource per table if persist_snapshots is set, in the order of table_names, or by name if the whole
// schema is published. Returns none otherwise. Throws Error: configuration, connection, permission_denied,
// source_not_ready, and data for the two cases above.
WALBROOK_EXPORT std::vector<SnapshotResource> init_replication(const InitReplicationOptions& options);

}  // namespace walbrook
