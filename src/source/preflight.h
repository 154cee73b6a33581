// Everything that would make a run fail or a copy differ, found before it starts: what, where, and the exact SQL or
// setting that mends it.
#pragma once

#include <string>
#include <vector>

#include "source/slot.h"

namespace walbrook::source {

enum class Severity { ok, note, warning, error };

struct Finding {
  Severity severity = Severity::ok;
  std::string topic;  // "server", "rights", "publication", "slot", "table public.orders", "destination"
  std::string what;   // one line
  std::string mend;   // SQL, setting or command; empty when there is nothing to do
  ErrorKind kind = ErrorKind::source_not_ready;  // of an error: decides the exit code
  ErrorFacts facts = {};                         // of an error
  bool run_reports_it = false;                   // every run does, so that what looks before a run need not
};

struct PreflightRequest {
  Endpoint conninfo;
  std::string publication;
  std::string slot;
  std::string schema = "public";   // for a publication that is to be created
  std::vector<TableName> tables;   // empty = the publication's
  Lsn checkpoint;                  // the destination's, if it has one
  std::string systemid;            // the destination's, if it has one
  std::int64_t timeline = 0;       // the same
  bool accept_new_system = false;  // another system identifier is no error (pg_upgrade)
  bool snapshot = true;            // tables will be copied: a second free slot is needed
  std::string known_publication;   // which the copy was made from; "" = there is none, or it is not known
  bool slot_is_foreign = false;    // the destination knows nothing of a slot of that name: one that exists is refused
  bool makes_publication = false;  // it is asked for by itself (init_replication), whatever there is already
};

// Never throws for what it can tell as a finding; an unreachable server is one too.
[[nodiscard]] std::vector<Finding> preflight(const PreflightRequest& request);

// The error that a run should end with: the first finding of severity error; nullopt when there is none.
[[nodiscard]] std::optional<Error> first_error(const std::vector<Finding>& findings);

}  // namespace walbrook::source
