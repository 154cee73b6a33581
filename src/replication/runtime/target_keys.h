// Reads the keys of a target table, some at a time.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "destination/destination.h"
#include "postgres/snapshot/part_condition.h"

namespace walbrook::replication {

class TargetKeys {
 public:
  // All keys of one view of the target, in ascending order, are read as text. Borrows the destination for its lifetime.
  // Throws Error(destination) if the destination answers no queries.
  TargetKeys(destination::Destination& destination, const destination::OutputRecord& output);

  // The next keys, at most `keys_at_once`; without any, all were read. Keys with a column that is NULL, since its value
  // is in an overflow column, are left out.
  [[nodiscard]] postgres::KeyTexts next();

 private:
  static constexpr std::size_t keys_at_once = 50'000;
  [[nodiscard]] std::string after_last() const;

  std::unique_ptr<destination::ReadSession> session_;
  std::string table_;
  std::vector<std::string> columns_;  // of the key, quoted
  std::vector<std::string> last_;     // the last key that was read
  bool ended_ = false;
};

}  // namespace walbrook::replication
