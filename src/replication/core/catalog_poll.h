// The catalog poll: every few seconds it reads what the stream does not report (the publication, its tables'
// fingerprints, obstacles of single tables) and posts it to the loader. If no transaction of the source has ended since
// the last reading, the catalog is unchanged, and one query shows that.
//
// A state machine (next.h). The loader asks for a poll at once, and waits for it only while somebody answers.
// Invariant: what is posted was read after the previous post, so that `complete_to` never goes back. Worked:
//
//   loader   a Relation message came with the commit at 0/70 → ask()
//   poll     had begun to read at 0/60 → posts CatalogSeen{complete_to 0/60}
//   loader   0/60 is before 0/70 → ask() again
//   poll     reads at 0/90 → posts CatalogSeen{0/90, publication}; the loader applies the batch
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>

#include "postgres/catalog/catalog.h"
#include "replication/core/copy_order.h"
#include "replication/core/next.h"

namespace walbrook::replication {

// The queries of a poll. Every method throws Error.
class CatalogSource {
 public:
  CatalogSource() = default;
  CatalogSource(const CatalogSource&) = delete;
  CatalogSource& operator=(const CatalogSource&) = delete;
  virtual ~CatalogSource() = default;

  // The source's snapshot of its transactions (pg_current_snapshot). While it stays the same, no transaction has ended,
  // so that no committed change of the catalog lies between two readings.
  [[nodiscard]] virtual std::string read_snapshot() = 0;
  // The publication as it is now, with the obstacles of its tables.
  [[nodiscard]] virtual postgres::Publication read_publication() = 0;
  // The xids and the LSN of this moment, by which a table that left is let go (leaving.h).
  [[nodiscard]] virtual postgres::CatalogMoment read_moment() = 0;
  // Whether the slot's reader may be a synchronous standby, so that commits wait for its confirmation.
  [[nodiscard]] virtual bool commits_wait() = 0;
  // Drops what was read of types, which may have been altered.
  virtual void forget_types() = 0;
  // Sets SourceTable::described of each table for which `wanted` returns true.
  virtual void describe(std::vector<postgres::SourceTable>& tables,
                        const std::function<bool(const postgres::SourceTable&)>& wanted) = 0;
  // Closes the connection; the next query opens another one.
  virtual void disconnect() = 0;
};

struct CatalogPollOptions {
  milliseconds interval{3'000};
  bool follow = false;
  // Tables may begin without a copy of their rows (--no-snapshot): new tables are described, like those whose columns
  // have changed.
  bool describes = false;
};

class CatalogPoll final : public CatalogReadings {
 public:
  // Borrows `catalog` for its lifetime. `seen` is the publication as the loader knows it. `post` hands a message to the
  // loader; `wake` ends the wait that a step asked for.
  CatalogPoll(CatalogPollOptions options, CatalogSource& catalog, postgres::Publication seen, Now now,
              std::function<void(LoaderMessage)> post, std::function<void()> wake);

  // Throws an Error that the run cannot continue after; errors that may pass are retried.
  [[nodiscard]] Next step(Now now);
  // Notes that no further step is run, so that the loader no longer waits for a poll.
  void end() { is_answered_ = false; }

  // From any thread.
  void ask() override;
  [[nodiscard]] bool is_answered() const override { return is_answered_; }

 private:
  [[nodiscard]] Next poll(SteadyTime now);
  [[nodiscard]] CatalogSeen read();
  [[nodiscard]] bool may_have_changed(const std::string& snapshot) const;
  void disconnect();
  void describe(std::vector<postgres::SourceTable>& tables);
  void look_for_waiting_commits();

  CatalogPollOptions options_;
  CatalogSource& catalog_;
  std::function<void(LoaderMessage)> post_;
  std::function<void()> wake_;
  postgres::Publication seen_;
  std::string snapshot_;        // read before the last reading; empty: the next poll reads everything
  bool is_incomplete_ = false;  // Publication::is_incomplete of the last reading
  // Transactions that were open when seen_ was read may still be open.
  bool writers_are_open_ = false;
  bool commits_wait_ = false;  // as last posted
  bool looked_for_commits_ = false;
  SteadyTime next_;
  // When the poll of the previous step began; unset: that step made none.
  std::optional<SteadyTime> began_;
  SteadyTime not_before_;
  SteadyTime look_for_commits_;

  std::atomic<bool> is_answered_{true};
  std::atomic<bool> asked_{false};
};

}  // namespace walbrook::replication
