// What becomes of a table whose fingerprint is not as it was: pure decisions.
//
// A fingerprint is compared when a run starts, at every catalog poll, and before a batch is applied that a Relation
// message came with (Loader). The catalog is ahead of the stream then, or the stream ahead of the catalog:
//   * the catalog shows a change whose transaction has not been read yet. A TRUNCATE is seen by its new file alone,
//   which
//     a rewrite has as well; so where a TRUNCATE may be the reason, the table waits until the stream has come as far as
//     the catalog was when it was read. TRUNCATEs that the stream brings are kept with the table's record, since the
//     next comparison may be that of another run.
//   * a Relation message tells that the server saw a change of the table, perhaps a rewrite, and rows that follow are
//   of
//     after it. They wait for a catalog poll that began behind their commit. Rows that are merged in spite of it (the
//     rewrite was part of a transaction that was not visible yet) are replaced with all others by the resync that the
//     next poll orders: for that time old and new values stand side by side, but no hole stays.
#pragma once

#include <cstdint>
#include <string>

#include "destination/destination.h"
#include "postgres/catalog/catalog.h"

namespace walbrook::replication {

// What decides where the catalog cannot tell whether a rewrite changed rows.
enum class OnRewrite { resync, ignore };

struct SuspicionOptions {
  OnRewrite on_rewrite = OnRewrite::resync;
  std::uint64_t resync_max_size = 100ULL << 30U;  // bytes: a larger table is not resynced but marked suspect
};

struct Suspicion {
  enum class Kind {
    none,     // the fingerprint is adopted
    wait,     // the stream has to come further before anything can be said
    resync,   //
    suspect,  // the table goes on, and is marked
  };
  Kind kind = Kind::none;
  std::string reason{};
};

// `known`: an output of `table`, streaming or being copied. `caught_up`: the stream was read as far as the catalog was
// seen.
[[nodiscard]] Suspicion judge(const destination::TableRecord& table, const destination::OutputRecord& known,
                              const postgres::SourceTable& now, bool caught_up, const SuspicionOptions& options);

// Why rows change without a message as long as the table is as it is; "" = they do not.
[[nodiscard]] std::string lasting_gap(const postgres::SourceTable& table);

}  // namespace walbrook::replication
