// What the loader asks of the copier, and what it is told.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "pipeline/resync.h"
#include "pipeline/table_sync.h"

namespace walbrook::pipeline {

struct CopyOrder {
  struct Table {
    TableRecord record;
    source::SourceTable source;
    std::uint64_t number = 0;   // SyncedTable::copy_number
    bool without_rows = false;  // its columns alone: what it has begins with the changes
  };
  std::vector<Table> tables;
};

struct CopyResult {
  enum class Kind { copied, gone, failed } kind = Kind::copied;
  Oid table = 0;
  std::uint64_t number = 0;
  Lsn consistent_point;
  TableSchemaRef columns;
  std::uint64_t rows = 0;
  std::string reason;  // of failed
};

// What the loader is told by the others.
using LoaderMessage = std::variant<source::Publication, CopyResult, ResyncRequest>;

}  // namespace walbrook::pipeline
