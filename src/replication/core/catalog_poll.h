// The catalog poll: every few seconds reads what the stream does not say (the publication, its tables' fingerprints,
// what stands in the way of one table), and reports it to the loader. Where no transaction of the source has ended
// since the last reading, the catalog is as it was, and one question tells that.
//
// A state machine (next.h). The loader asks for a poll at once, and waits for it only as long as somebody answers.
// Invariant: what is posted was read after the post before it, so that `complete_to` never goes back. Worked:
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

// What a poll asks of the source. Every method throws Error.
class CatalogSource {
 public:
  CatalogSource() = default;
  CatalogSource(const CatalogSource&) = delete;
  CatalogSource& operator=(const CatalogSource&) = delete;
  virtual ~CatalogSource() = default;

  // The source's snapshot of its transactions (pg_current_snapshot). While it stays the same, no transaction has ended,
  // so that no committed change of the catalog lies between two readings.
  [[nodiscard]] virtual std::string read_snapshot() = 0;
  // The publication as it is now, with what stands in the way of its tables.
  [[nodiscard]] virtual postgres::Publication read_publication() = 0;
  [[nodiscard]] virtual postgres::CatalogMoment read_moment() = 0;
  // Whether the slot's reader may be a synchronous standby, for whose confirmation commits wait.
  [[nodiscard]] virtual bool commits_wait() = 0;
  // What was read of types may have been altered.
  virtual void forget_types() = 0;
  // Sets SourceTable::described of the tables that are `wanted`.
  virtual void describe(std::vector<postgres::SourceTable>& tables,
                        const std::function<bool(const postgres::SourceTable&)>& wanted) = 0;
  // The next question is asked over a new connection.
  virtual void disconnect() = 0;
};

struct CatalogPollOptions {
  milliseconds interval{3'000};
  bool follow = false;
  bool describes = false;  // tables may begin without a copy of their rows: those that are new are described
};

class CatalogPoll final : public CatalogReadings {
 public:
  // Borrows `catalog`. `seen`: the publication as the loader knows it. `wake` ends the wait that a step asked for.
  CatalogPoll(CatalogPollOptions options, CatalogSource& catalog, postgres::Publication seen, Now now,
              std::function<void(LoaderMessage)> post, std::function<void()> wake);

  // Throws what the run cannot go on with.
  [[nodiscard]] Next step(Now now);
  // No step will follow.
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
  std::string snapshot_;           // read before the last reading; empty: the next one looks at everything
  bool is_incomplete_ = false;     // as Publication has it, of the last reading
  bool writers_are_open_ = false;  // of when it was seen
  bool commits_wait_ = false;      // as posted last
  bool looked_for_commits_ = false;
  SteadyTime next_;
  std::optional<SteadyTime> began_;  // the poll that the step before made
  SteadyTime not_before_;
  SteadyTime look_for_commits_;

  std::atomic<bool> is_answered_{true};
  std::atomic<bool> asked_{false};
};

}  // namespace walbrook::replication
