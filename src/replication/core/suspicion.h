// What follows for a table whose fingerprint has changed: pure decisions.
//
// A fingerprint is compared when a run starts, at every catalog poll, and before a batch is applied that a Relation
// message came with (Loader). At that moment the catalog may be ahead of the stream, or the stream ahead of the
// catalog:
//   * The catalog shows a change whose transaction has not been read from the stream yet. A TRUNCATE shows only as a
//     new file, and so does a rewrite; so if a TRUNCATE may be the reason, the table waits until the stream has come as
//     far as the catalog was when it was read. TRUNCATEs that the stream brings are kept in the table's record, since
//     the next comparison may be made by another run.
//   * With walbrook's event triggers the stream brings what the catalog shows, at its place (ddl_trigger.h): a
//     difference of columns and files waits until the stream has come that far.
//   * A Relation message shows that the server saw a change of the table, perhaps a rewrite, and that the rows that
//     follow are newer than it. They wait for a catalog poll that began after their commit. Rows that are merged in
//     spite of it (the rewrite was part of a transaction that was not visible yet) are replaced with all others by the
//     resync that the next poll orders: until then old and new values are side by side, but no gap remains.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "destination/destination.h"
#include "postgres/catalog/catalog.h"

namespace walbrook::replication {

// What to do if the catalog cannot show whether a rewrite changed rows.
enum class OnRewrite { resync, ignore };

struct SuspicionOptions {
  OnRewrite on_rewrite = OnRewrite::resync;
  std::uint64_t resync_max_size = 100ULL << 30U;  // in bytes; a larger table is marked suspect instead
  // The destination can rename a column, and change its values in all rows (Capabilities::rows_change).
  bool alters_columns = true;
};

struct Suspicion {
  enum class Kind {
    none,      // the record takes over the new fingerprint
    wait,      // nothing can be decided before the stream has come further
    in_place,  // the target follows the source's columns at their place in the order (columns_in_place.h)
    resync,    //
    suspect,   // the table continues and is marked suspect
  };
  Kind kind = Kind::none;
  std::string reason{};
};

// Judges the difference between the fingerprint of `known` and that of `now`. `caught_up`: the stream was read as far
// as the catalog was seen. REQUIRES: `known` is an output of `table` that is streaming or being copied.
[[nodiscard]] Suspicion judge(const destination::TableRecord& table, const destination::OutputRecord& known,
                              const postgres::SourceTable& now, bool caught_up, const SuspicionOptions& options);

// Whether event triggers describe commands that alter the table. The stream may then still bring descriptions of what
// its fingerprint shows.
[[nodiscard]] bool is_followed_by_descriptions(const postgres::SourceTable& table);

// Why a table is not copied again although `reason` would require it; nullopt: it is not larger than the limit.
[[nodiscard]] std::optional<std::string> too_large_to_copy(const std::string& reason,
                                                           const postgres::SourceTable& table,
                                                           std::uint64_t resync_max_size);
// Marks the output suspect, and logs that once.
void mark_suspect(destination::OutputRecord& record, std::string reason);

// Why rows of the table change without a message for as long as the table is as it is now; "" = they do not.
[[nodiscard]] std::string lasting_gap(const postgres::SourceTable& table);

}  // namespace walbrook::replication
