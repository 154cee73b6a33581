// What the loader asks of the copier, and what it is told.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "replication/core/postponement.h"
#include "replication/core/resync.h"
#include "replication/core/table_sync.h"

namespace walbrook::replication {

struct CopyOrder {
  struct Table {
    TableRecord record;
    postgres::SourceTable source;
    std::uint64_t number = 0;  // SyncedTable::copy_number
  };
  std::vector<Table> tables;
};

struct CopyResult {
  enum class Kind { copied, gone, failed, postponed } kind = Kind::copied;
  Oid table = 0;
  std::uint64_t number = 0;
  Lsn consistent_point;
  TableSchemaRef columns;
  std::uint64_t rows = 0;
  std::string reason;  // of failed
  CannotCopyNow why;   // of postponed
};

// A catalog poll.
struct CatalogSeen {
  Lsn complete_to;                                   // as Publication has it
  std::optional<postgres::Publication> publication;  // nullopt: as it was
};

// What the loader is told by the others.
using LoaderMessage = std::variant<CatalogSeen, CopyResult, ResyncRequest>;

}  // namespace walbrook::replication
