// Applies a copied part of a table to its target, which went on streaming meanwhile, inside one load.
//
// The target has every change up to the checkpoint; the part shows its rows as of its consistent point Y, which the
// checkpoint has reached. Since the part was ordered, the changes of the output were merged into the target and put
// into the spool as well. Applying the part takes three passes:
//
//   1. The spool is read for the keys that changed since Y. The keys are in memory, at most `most_changed_keys`.
//   2. The target's rows of the part are removed, and the source's rows as of Y are written.
//   3. The spooled changes since Y are applied once more, but only those of keys that are in the part, and of keys that
//      rows of the part moved to. Rows out of the part are not touched.
//
// The third pass, and not leaving out keys that changed, is what makes large values right: an UPDATE that does not send
// an unchanged TOAST value takes it from the row of the target, which may be the wrong one that the user wants to be
// rid of. In the third pass it takes it from the part's row.
//
// Worked: row 1 of the target has a wrong `body`, and row 2 should not exist. The condition is `id < 10`, Y is 0/60.
//
//   0/50  UPDATE n of row 1: the wrong body stays. The snapshot holds the change, so it is skipped below
//   0/70  UPDATE n of row 1, `body` not sent; UPDATE row 30 SET id = 5
//   part  remove 1, 2; update 1 (n as of 0/50, the right body)
//   load  pass 1: keys 1, 30 and 5 changed. Pass 2: rows 1 and 2 leave, row 1 is written with the right body. Pass 3:
//         row 1 gets n of 0/70 and keeps its body; rows 30 and 5 are out of the part: the stream has moved them
#pragma once

#include <cstdint>
#include <string>
#include <unordered_set>

#include "destination/transaction.h"
#include "output/row_operations.h"
#include "replication/core/spool.h"
#include "replication/core/synced_table.h"

namespace walbrook::replication {

// The part cannot be applied: it has to be read again.
struct PartOutdated {
  std::string why;
};
// Nor does another copy of the part help.
struct PartImpossible {
  std::string why;
};

class PartApply {
 public:
  static constexpr std::size_t most_changed_keys = 1'000'000;

  // Borrows all for its lifetime. `changes` has the output's changes since the part was ordered.
  PartApply(destination::Transaction& load, const OutputRecord& record, Spool& changes, std::int64_t load_id)
      : load_(load), record_(record), changes_(changes), load_id_(load_id) {}

  // Applies the part in `rows`, which has these columns, as of the consistent point `from`. Throws PartOutdated,
  // PartImpossible, and Error as Transaction does; in both cases the load can only be destroyed. REQUIRES: the
  // checkpoint has reached `from`, and every change up to the checkpoint is applied.
  void apply(Spool& rows, const TableSchemaRef& columns, Lsn from);

 private:
  using Keys = std::unordered_set<std::string>;
  // Each returns false if the table was truncated at or after `from`: every row of the target is newer than the part.
  [[nodiscard]] bool find_changed(const TableSchema& columns, Lsn from);
  void write_part(Spool& rows, Lsn from);
  void apply_changes(Lsn from);
  // Adds the keys that rows inside move to.
  void follow_moves(const RowBatch& batch);
  void keep_inside(RowOperations& operations) const;
  [[nodiscard]] bool is_inside(const RowRef& row) const;

  destination::Transaction& load_;
  const OutputRecord& record_;
  Spool& changes_;
  std::int64_t load_id_;
  Keys changed_;  // since the consistent point
  Keys inside_;   // changed keys whose changes are applied again
};

}  // namespace walbrook::replication
