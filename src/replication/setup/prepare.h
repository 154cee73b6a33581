// What must exist before a run's threads begin: publication, slot, state, and where the run starts and ends.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "postgres/preflight/preflight.h"
#include "postgres/publication/kept_publication.h"
#include "replication/core/column_selection.h"
#include "replication/core/run_observer.h"
#include "replication/core/table_sync.h"
#include "replication/setup/run_options.h"

namespace walbrook::replication {

struct PreparedRun {
  destination::Checkpoint checkpoint;               // durable
  std::string publications;                         // that the stream is of; a list (base/publication_list.h)
  postgres::Publication publication;                // its tables have the selected columns only
  std::unique_ptr<postgres::KeptPublication> kept;  // reads it again
  ColumnSelectionRef selection;                     // never nullptr
  std::unique_ptr<TableSync> sync;  // has seen the publication; pending tables are stored, but not ordered yet
  Lsn until;                        // everything that was committed before the run began is before this position
  std::string source;               // address of the source: "127.0.0.1:5432/shop"
  bool binary = false;              // every published column has a binary parser
  int protocol = 1;                 // version of the protocol to use
  bool slot_is_behind = false;      // the slot has changes that the checkpoint has already
  bool two_phase = false;           // requested, or the slot has it
  bool describes = false;           // tables may begin without a copy (SourceTable::described)
  std::int64_t newest_load = 0;     // in the destination; 0 = none
};

// Throws Error with what is missing and what to do about it. Everything is checked before anything is created or
// dropped; an error after that drops what was created in the source (made_in_source.h). Sets `server` to the server
// that answers, after a check that it continues what the checkpoint was made from.
[[nodiscard]] PreparedRun prepare(const RunOptions& options, destination::Destination& destination, TypeCatalog& types,
                                  postgres::KnownServer& server, RunObserver& observer, std::stop_token stop);

// Adds the tables of `records` to a preflight.
void note_known_tables(const std::vector<OutputRecord>& records, postgres::PreflightRequest& request);

// Returns a position that is after everything committed by now, and that the walsender reaches without further writes.
[[nodiscard]] Lsn end_of_committed(postgres::Connection& catalog);

}  // namespace walbrook::replication
