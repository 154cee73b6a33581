// What the loader asks of those who copy tables and who read the catalog, and what it is told.
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
    OutputRecord record;  // of the output that is to get the copy, as it will have it
    postgres::SourceTable source;
    std::uint64_t number = 0;  // SyncedOutput::copy_number
  };
  std::vector<Table> tables;
};

struct CopyResult {
  enum class Kind { copied, gone, failed, postponed } kind = Kind::copied;
  OutputId output;
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

// Commits in the source wait until this run has confirmed them, or they no longer do.
struct CommitsWait {
  bool wait = false;
};

// What the loader is told by the others.
using LoaderMessage = std::variant<CatalogSeen, CopyResult, ResyncRequest, CommitsWait>;

// Who copies tables. Each output of an order is answered by a CopyResult, unless a newer order has it as well.
class TableCopier {
 public:
  TableCopier() = default;
  TableCopier(const TableCopier&) = delete;
  TableCopier& operator=(const TableCopier&) = delete;
  virtual ~TableCopier() = default;

  virtual void order(CopyOrder order) = 0;
};

// Who reads the catalog, every few seconds and when it is asked to. Each reading is answered by a CatalogSeen.
class CatalogReadings {
 public:
  CatalogReadings() = default;
  CatalogReadings(const CatalogReadings&) = delete;
  CatalogReadings& operator=(const CatalogReadings&) = delete;
  virtual ~CatalogReadings() = default;

  virtual void ask() = 0;                              // for one at once; it is kept until one has succeeded
  [[nodiscard]] virtual bool is_answered() const = 0;  // false: nobody reads any more
};

}  // namespace walbrook::replication
