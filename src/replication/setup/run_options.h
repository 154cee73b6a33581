// The options of a run.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "postgres/catalog/table_name.h"
#include "postgres/connection/endpoint.h"
#include "replication/core/suspicion.h"
#include "replication/setup/column_overrides.h"

namespace walbrook::replication {

// What happens with a slot that exists while the destination does not know it.
enum class Adoption {
  refuse,        // Error(source_not_ready)
  from_others,   // take it over: somebody else created it, and a reset asks before it drops it
  of_same_owner  // take it over: init_replication created it for this pipeline
};

// What happens with a table without replica identity that walbrook's own publication would hold.
enum class Keyless {
  leave_out,  // it is not replicated
  inserts     // a second publication holds it, with INSERT and TRUNCATE only (postgres/publication/keyless.h)
};

enum class ValueFormat { automatic, text, binary };

struct RunOptions {
  postgres::Endpoint conninfo;                   // "" = libpq's environment
  std::function<std::string()> reread_conninfo;  // see EndpointOptions::reread
  std::string pipeline;
  std::string slot;
  std::string publication;  // one, or a list (base/publication_list.h)
  Keyless keyless = Keyless::leave_out;
  bool ddl_trigger = false;                 // create event triggers that describe altered tables (ddl_trigger.h)
  std::string schema = "public";            // whose tables a publication gets when it is created
  std::vector<postgres::TableName> tables;  // empty = those of the publication
  std::string dataset;                      // target schema; "" = the source's schema names
  destination::TargetStyle style{};         // of target tables that are created from now on
  bool follow = false;   // continue until stopped; otherwise end when what was committed before the start is applied
  bool snapshot = true;  // false: new tables begin with their changes alone
  // Without `snapshot`: if walbrook adds a table to its own publication, its rows are copied nevertheless, because no
  // change contains the rows from before.
  bool copy_joining = false;
  // These tables are copied again and become visible together. The slot may then be newer than the checkpoint: in that
  // case every table is copied again, from the slot's position.
  std::vector<postgres::TableName> copy_again;
  std::vector<postgres::TableName> include_columns;  // each with its columns; of other tables all (column_selection.h)
  std::vector<TableOverrides> overrides;             // names and types of columns (column_overrides.h)
  bool confirm = true;                               // false: the slot's position stays where it is
  bool accept_new_system = false;                    // the source's system identifier may have changed (pg_upgrade)
  Adoption adoption = Adoption::refuse;
  bool reset = false;                   // first drop slot, publication (if walbrook's) and the destination's state
  std::optional<Lsn> until;             // apply exactly the commits with commit_lsn < until, then end
  std::optional<Lsn> skip_transaction;  // by its commit_lsn; see skip_transaction.h
  std::vector<postgres::WrittenName> skip_only;  // tables that are resynced after skip_transaction; empty = all
  ValueFormat format = ValueFormat::automatic;
  std::size_t batch_bytes = 32U << 20U;  // memory of one batch, and of a transaction before it is spooled
  std::size_t batch_rows = 1'000'000;
  int snapshot_workers = 0;                     // connections that copy; 0 = one per core, at most 4
  std::uint64_t snapshot_chunk = 64ULL << 20U;  // a larger table is copied in chunks of about this size
  std::string spool_dir;                        // folder of the spool's file (file_spool.h); must be set
  std::uint64_t max_spool_size = 0;             // bytes; 0 = half of what is free there when the run begins
  int protocol = 0;                             // of pgoutput, 1 to 4; 0 = the highest that the server has
  bool two_phase = false;                       // the server sends prepared transactions when they are prepared
  bool standby = false;                         // the source may be a standby (16+)
  bool failover = false;                        // the slot is a failover slot, which standbys can synchronize (17+)
  std::string origin;                           // "none": only what was not replicated into the source; "", "any": all
  std::string logical_decoding_work_mem = "256MB";
  milliseconds network_timeout{60'000};  // silence on a connection to the source after which it counts as broken
  // How long the run waits for a source that is not there at the start, and for one that it has lost. nullopt: the
  // default of a run with or without `follow` (patient_endpoint).
  std::optional<milliseconds> startup_timeout, reconnect_timeout;
  milliseconds slot_timeout{30'000};  // how long to wait for a slot that another process reads
  // How long the creation of a slot waits for transactions that are writing in the source. After that time, a run
  // without `follow` leaves the tables pending that were to be copied, and a run with it begins the creation again. 0 =
  // no limit.
  milliseconds snapshot_wait{300'000};
  milliseconds catalog_poll_interval{3000};  // between two polls of the publication and its tables in the catalog
  SuspicionOptions suspicion{};              // what is done with a table whose rows may have changed without a message
  // With follow: how long after its suspension a table is copied again, for the first time (suspended_tables.h). 0 =
  // never.
  milliseconds suspended_retry{0};
  int destination_retries = 8;  // with backoff from 100 ms to 10 s; with follow, waits for one that is locked or away
};

// Returns `conninfo` for use by a run: secrets are read again, and the waits are those of these options. `stop` ends
// them.
[[nodiscard]] postgres::Endpoint patient_endpoint(const RunOptions& options, std::stop_token stop);

}  // namespace walbrook::replication
