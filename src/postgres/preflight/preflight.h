// Finds everything that would make a run fail or a table differ, before the run starts. Each finding comes with the SQL
// or the setting that fixes it.
//
// A finding concerns the run, which is then refused, or one table, which is then suspended while the others continue:
//
//   refuses the run                                      | concerns one table
//   server, its version, standby, wal_level              | SELECT, USAGE on its schema, row-level security
//   another cluster, an older timeline                   | a partition with a filter or columns of its own
//   no free slot or walsender for the stream             | a partition that is unlogged or foreign (suspect)
//   the slot: another replica's, lost, ahead             | leaves with different replica identities
//   the publication: missing, cannot be created          | no replica identity (left out, or a warning)
//   a requested table that was never copied: missing,    | a requested table that was copied and is not
//   not a table, not published, other columns            | published now (removed)
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/physical_type.h"
#include "postgres/slot/slot.h"

namespace walbrook::postgres {

enum class Severity { ok, note, warning, error };
[[nodiscard]] std::string_view to_string(Severity severity);

struct Finding {
  Severity severity = Severity::ok;
  std::string topic;  // "server", "rights", "publication", "slot", "table public.orders", "destination"
  std::string what;   // one line
  Remedy remedy;      // empty if there is nothing to do
  ErrorKind kind = ErrorKind::source_not_ready;  // of an error; decides the exit code
  ErrorFacts facts = {};                         // of an error
  bool run_reports_it = false;                   // every run reports it, so that a check before a run need not
  bool concerns_table = false;                   // an error of one table: a run suspends it; the others continue
};

// A destination that has PostgreSQL's types.
struct DestinationTypes {
  std::string destination;  // its name, for people
  ValueLimits values;
  // Returns the name of the type that the destination lacks, so that values of such a column are text there; "" if it
  // lacks none.
  std::function<std::string(const PhysicalType&)> missing;
};

struct PreflightRequest {
  Endpoint conninfo;
  std::string publication;  // one, or a list (base/publication_list.h)
  bool keyless = false;     // tables without replica identity are replicated by their INSERTs (keyless.h)
  std::string slot;
  std::string schema = "public";   // for a publication that will be created
  std::vector<TableName> tables;   // the requested ones; empty = the publication's
  Lsn checkpoint;                  // the destination's, if it has one
  std::string systemid;            // the destination's, if it has one
  std::int64_t timeline = 0;       // the destination's, if it has one
  bool accept_new_system = false;  // another system identifier is no error (pg_upgrade)
  bool snapshot = true;            // tables will be copied, so a first run needs a second free slot
  std::string known_publication;   // those that the replica was made from; "" = none, or not known
  bool slot_is_foreign = false;    // the destination has no record of a slot of that name; an existing one is refused
  bool makes_publication = false;  // its creation is requested by itself (init_replication), whatever exists already
  bool standby = false;            // the server may be a standby
  bool failover = false;           // the slot is to be a failover slot
  bool ddl_trigger = false;        // event triggers are wanted (postgres/catalog/ddl_trigger.h)
  bool counts_unsent = false;      // note how much of the database no stream contains
  bool reset = false;              // the slot, and walbrook's own publication, will be dropped first
  std::vector<TableName> known;    // tables that the destination has records of
  std::vector<Oid> streaming;      // tables that need no copy
  // nullopt: types are not compared, since the destination has others, or since the run reports them itself.
  std::optional<DestinationTypes> destination_types = std::nullopt;
};

// Reports everything it can as a finding, even an unreachable server, instead of throwing. But if the endpoint waits
// for the source, it throws Stopped, and WaitOver unless a finding explains it. A caller that catches these must not
// wait again.
[[nodiscard]] std::vector<Finding> preflight(const PreflightRequest& request);

// Returns the error that a run should end with: the first finding of severity error that concerns the run. Returns
// nullopt if there is none.
[[nodiscard]] std::optional<Error> first_error(const std::vector<Finding>& findings);
// Returns whether some tables will be suspended.
[[nodiscard]] bool concerns_tables(const std::vector<Finding>& findings);

}  // namespace walbrook::postgres
