// The messages between the loader and its helpers: orders for the table copier, requests for the catalog poll, and what
// they report.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "replication/core/part_order.h"
#include "replication/core/postponement.h"
#include "replication/core/table_request.h"
#include "replication/core/table_sync.h"

namespace walbrook::replication {

struct CopyOrder {
  struct Table {
    OutputRecord record;  // the output's record as it will be once the copy is swapped in
    postgres::SourceTable source;
    std::uint64_t number = 0;  // SyncedOutput::copy_number
  };
  std::vector<Table> tables;
};

// How the copy of one output ended.
struct CopyResult {
  enum class Kind { copied, gone, failed, postponed } kind = Kind::copied;
  OutputId output;
  std::uint64_t number = 0;
  Lsn consistent_point;
  TableSchemaRef columns;
  std::vector<std::int32_t> numbers;  // of the columns: attnum
  std::uint64_t rows = 0;
  std::string reason;  // set if failed
  CannotCopyNow why;   // set if postponed
};

// What one catalog poll has seen.
struct CatalogSeen {
  Lsn complete_to;                                   // Publication::complete_to
  std::optional<postgres::Publication> publication;  // nullopt: unchanged
};

// Whether commits in the source wait for this run's confirmation (synchronous replication).
struct CommitsWait {
  bool wait = false;
};

// A message to the loader.
using LoaderMessage = std::variant<CatalogSeen, CopyResult, PartResult, TableRequest, CommitsWait>;

// Copies tables. Each output of an order is answered by a CopyResult, unless a newer order holds it as well.
class TableCopier {
 public:
  TableCopier() = default;
  TableCopier(const TableCopier&) = delete;
  TableCopier& operator=(const TableCopier&) = delete;
  virtual ~TableCopier() = default;

  virtual void order(CopyOrder order) = 0;
  // Copies a part of a table that streams. Each order is answered by a PartResult.
  virtual void order_part(PartOrder order) = 0;
};

// Reads the catalog, every few seconds and on request. Each reading is answered by a CatalogSeen.
class CatalogReadings {
 public:
  CatalogReadings() = default;
  CatalogReadings(const CatalogReadings&) = delete;
  CatalogReadings& operator=(const CatalogReadings&) = delete;
  virtual ~CatalogReadings() = default;

  // Asks for a reading at once. The request is kept until a reading has succeeded.
  virtual void ask() = 0;
  [[nodiscard]] virtual bool is_answered() const = 0;  // false: no further reading will come
};

}  // namespace walbrook::replication
