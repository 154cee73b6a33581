// The messages between the loader and the table copier about parts of tables that are copied again (part_request.h).
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>

#include "replication/core/postponement.h"
#include "replication/core/spool.h"
#include "replication/core/table_sync.h"

namespace walbrook::replication {

struct PartOrder {
  OutputRecord record;  // its resync_where says which rows
  postgres::SourceTable source;
  std::uint64_t number = 0;  // recognizes results of older orders
};

// How the copy of a part ended.
struct PartResult {
  enum class Kind {
    copied,
    postponed,
    refused,  // the source refuses the condition or the table: nothing is known of the rows
    failed    // a row of the part cannot be copied, so the target lacks it
  } kind = Kind::copied;
  OutputId output;
  std::uint64_t number = 0;
  // These are set if it was copied.
  Lsn consistent_point;
  TableSchemaRef columns;
  // The part, under the output's key: `remove` rows with the keys of the target's rows that satisfy the condition, then
  // `update` rows with the source's.
  std::unique_ptr<Spool> rows;
  std::set<std::string> overflow_columns;  // source columns of which rows have overflow values
  std::uint64_t copied_rows = 0;
  CannotCopyNow why;  // set if it was not copied
};

}  // namespace walbrook::replication
