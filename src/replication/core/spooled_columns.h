// The columns of the changes that wait in the spool for a copy. They are collected while the changes are spooled, so
// that the spool is read once, when the copy is swapped in.
//
// Which of the changes the copy holds already is known only once its consistent point is: every entry has the commit of
// its last change.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "model/batch.h"

namespace walbrook::replication {

class SpooledColumns {
 public:
  // Changes with the same columns, between two descriptions of their table; or one description.
  struct Entry {
    TableSchemaRef schema;           // of rows
    std::set<std::string> overflow;  // the columns with values that go to their overflow columns
    std::shared_ptr<const AlteredTable> altered;
    Lsn last_commit;
  };

  // Both are added in the order in which the changes are spooled.
  void add_rows(const TableSchemaRef& schema, const std::set<std::string>& overflow, Lsn last_commit);
  void add(std::shared_ptr<const AlteredTable> altered, Lsn commit);
  void append(const SpooledColumns& later);
  void clear() { entries_.clear(); }

  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
  [[nodiscard]] std::set<std::string> overflow() const;

 private:
  std::vector<Entry> entries_;
};

}  // namespace walbrook::replication
