// What a run is asked for.
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

// What becomes of a slot that exists while the destination knows nothing of it.
enum class Adoption {
  refuse,        // an Error(source_not_ready)
  from_others,   // taken over: somebody else made it, and a reset asks before it drops it
  of_same_owner  // taken over: init_replication made it for this pipeline
};

enum class ValueFormat { automatic, text, binary };

struct RunOptions {
  postgres::Endpoint conninfo;                   // "" = environment
  std::function<std::string()> reread_conninfo;  // as EndpointOptions::reread
  std::string pipeline;
  std::string slot;
  std::string publication;
  std::string schema = "public";            // of a publication that is to be created
  std::vector<postgres::TableName> tables;  // empty = the publication's
  std::string dataset;                      // target schema; "" = the source's schema names
  destination::TargetStyle style{};         // of target tables that are made from now on
  bool follow = false;   // go on until stopped; otherwise until what was committed before the start is applied
  bool snapshot = true;  // false: tables that are new begin with their changes alone
  // Without `snapshot`: a table that walbrook adds to its own publication has its rows copied all the same, because
  // those from before are in no change.
  bool copy_joining = false;
  // These are copied again, and become visible together. The slot may then be newer than the checkpoint: the copy
  // starts over from the slot's position, every table again.
  std::vector<postgres::TableName> copy_again;
  std::vector<postgres::TableName> include_columns;  // each with its columns; of other tables all (column_selection.h)
  std::vector<TableOverrides> overrides;             // names and types of columns (column_overrides.h)
  bool confirm = true;                               // false: the slot's position stays where it is
  bool accept_new_system = false;                    // the source's system identifier may have changed (pg_upgrade)
  Adoption adoption = Adoption::refuse;
  bool reset = false;                   // drop slot, publication (if it is ours) and the destination's state first
  std::optional<Lsn> until;             // apply exactly the commits with commit_lsn < until, then end
  std::optional<Lsn> skip_transaction;  // skip_transaction.h; by its commit_lsn
  std::vector<postgres::WrittenName> skip_only;  // these are resynced then; empty = all
  ValueFormat format = ValueFormat::automatic;
  std::size_t batch_bytes = 32U << 20U;  // memory of one batch, and of a transaction before it is spooled
  std::size_t batch_rows = 1'000'000;
  int snapshot_workers = 0;                     // connections that copy; 0 = one a core, at most 4
  std::uint64_t snapshot_chunk = 64ULL << 20U;  // a larger table is copied in chunks of about this size
  std::string spool_dir;                        // folder of the spool's file (file_spool.h); must be set
  std::uint64_t max_spool_size = 0;             // bytes; 0 = half of what is free there when the run begins
  int protocol = 0;                             // of pgoutput, 1 to 4; 0 = the highest that the server has
  bool two_phase = false;                       // prepared transactions are sent when they are prepared
  std::string origin;                           // "none": only what was not replicated into the source; "" = "any": all
  std::string logical_decoding_work_mem = "256MB";
  milliseconds network_timeout{60'000};  // of silence on a connection to the source
  // How long the source is waited for: where it is not there at the start, and where it is lost. nullopt: as fits a run
  // that follows, or one that does not (patient_endpoint).
  std::optional<milliseconds> startup_timeout, reconnect_timeout;
  milliseconds slot_timeout{30'000};  // how long a slot that another process reads is waited for
  // How long the creation of a slot waits for transactions that are writing in the source. Then a run without `follow`
  // leaves the tables pending that were to be copied; with it, the creation begins again. 0 = without end.
  milliseconds snapshot_wait{300'000};
  milliseconds catalog_poll_interval{3000};  // between two looks at the publication and its tables in the catalog
  SuspicionOptions suspicion{};              // what a table gets whose rows may have changed without a message
  int destination_retries =
      8;  // with backoff from 100 ms to 10 s; with follow a locked or full destination is waited for
};

// What `conninfo` is for a run: with the secrets read again and the waits that these options ask for, which `stop`
// ends.
[[nodiscard]] postgres::Endpoint patient_endpoint(const RunOptions& options, std::stop_token stop);

}  // namespace walbrook::replication
