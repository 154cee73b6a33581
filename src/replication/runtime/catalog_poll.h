// The catalog poll: every few seconds reads what the stream does not say (the publication, its tables' fingerprints,
// what stands in the way of one table), and reports it to the loader.
//
// Threads: `work` is one thread's body and owns the connection. The loader asks for a poll at once, and waits for it
// only as long as somebody answers. Invariant: what is posted was read after the post before it, so that `complete_to`
// never goes back. Worked:
//
//   loader   a Relation message came with the commit at 0/70 → at_once()
//   poll     had begun to read at 0/60 → posts CatalogSeen{complete_to 0/60}
//   loader   0/60 is before 0/70 → at_once() again
//   poll     reads at 0/90 → posts CatalogSeen{0/90, publication}; the loader applies the package
#pragma once

#include <atomic>
#include <optional>
#include <stop_token>
#include <string>

#include "postgres/catalog/catalog.h"
#include "postgres/catalog/catalog_types.h"
#include "postgres/connection/known_server.h"
#include "postgres/publication/kept_publication.h"
#include "replication/core/column_selection.h"
#include "replication/core/copy_order.h"
#include "replication/runtime/mailbox.h"
#include "replication/runtime/statistics.h"

namespace walbrook::replication {

struct CatalogPollOptions {
  postgres::Endpoint conninfo;
  postgres::KnownServer* server = nullptr;  // borrowed; each connection is compared with it
  std::string publication;
  std::string slot;
  milliseconds interval{3'000};
  bool follow = false;
  // Tables may begin without a copy of their rows: those that are new are described (SourceTable::described), with
  // types as these limits have them.
  bool describes = false;
  ValueLimits limits{};
};

class CatalogPoll {
 public:
  // Borrows all.
  CatalogPoll(CatalogPollOptions options, postgres::CatalogTypes& types, Mailbox<LoaderMessage>& loader,
              Statistics& statistics);

  // Its thread's body. `seen`: the publication as the loader knows it. Throws what the run cannot go on with.
  void work(postgres::KeptPublication& publication, postgres::Publication seen, const ColumnSelection& selection,
            std::stop_token stop);

  // From any thread.
  void at_once() { at_once_ = true; }
  [[nodiscard]] bool is_answered() const { return answers_; }  // false once `work` has ended
  // Whether the slot's reader may be a synchronous standby, for whose confirmation commits wait.
  [[nodiscard]] const std::atomic<bool>& commits_wait() const { return commits_wait_; }

 private:
  // nullopt: nothing but the position has changed since `seen`.
  struct Seen {
    Lsn complete_to;
    std::optional<postgres::Publication> publication;
  };
  Seen poll(postgres::KeptPublication& publication, const ColumnSelection& selection);
  void connect();
  void describe(std::vector<postgres::SourceTable>& tables);
  void look_for_waiting_commits();

  CatalogPollOptions options_;
  postgres::CatalogTypes& types_;
  Mailbox<LoaderMessage>& loader_;
  Statistics& statistics_;
  // Of the thread's own.
  std::optional<postgres::Connection> catalog_;
  postgres::Publication seen_;
  bool writers_are_open_ = false;  // of when it was seen

  std::atomic<bool> answers_{true};
  std::atomic<bool> at_once_{false};
  std::atomic<bool> commits_wait_{false};
};

}  // namespace walbrook::replication
