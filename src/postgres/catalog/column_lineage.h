// Which columns of a table are the same at two moments, and at every moment in between, whatever their names are then.
//
// The stream gives no attribute numbers, but a Relation message lists columns in the order of their numbers, and no
// number is given twice. Between two fingerprints of one table:
//   * If no column was dropped, the columns of a message are those of the earlier fingerprint and the first ones of
//   those
//     that were added since, by their place. Their names do not matter.
//   * If columns were dropped and none was renamed, names tell them apart, as long as each name belongs to one column.
//   * Otherwise, and if a column was added and dropped in between, nothing is certain.
// With walbrook's event triggers (ddl_trigger.h) the stream describes the table with its attribute numbers after each
// command, and everything is certain: a message has the columns of the description before it.
//
// Worked: t(id, a), then ADD COLUMN c; RENAME c TO d; ADD COLUMN c. The fingerprints have the numbers 1 to 2 and 1
// to 4.
//
//   message (id, a, c)       c is number 3, which is called d at the end
//   message (id, a, d, c)    c is number 4
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "model/table_schema.h"
#include "postgres/catalog/fingerprint.h"

namespace walbrook::postgres {

class ColumnLineage {
 public:
  struct Column {
    std::int32_t number = 0;   // attnum; 0 = it was dropped before the earlier fingerprint
    std::string before;        // its name at the earlier moment; "" = it was added since
    std::string now;           // its name at the later moment; "" = it was dropped since
    bool has_value = false;    // it was added since, and rows of before have a value in it: atthasmissing
    std::size_t added_by = 0;  // after through(): the index of the description that had it first
    friend bool operator==(const Column&, const Column&) = default;
  };

  // `known` are the columns that a copy has: those of the earlier fingerprint, perhaps with dropped ones. `copied` are
  // the columns that are copied at the later moment. Returns nullopt if the columns cannot be told apart in between.
  [[nodiscard]] static std::optional<ColumnLineage> between(const Fingerprint& before, const Fingerprint& now,
                                                            const TableSchema& known,
                                                            std::span<const SourceColumn> copied);

  // The table after one command, as the stream described it.
  struct Described {
    Fingerprint print;
    const TableSchema* columns = nullptr;  // those that are copied
  };
  // `described`: all descriptions since the earlier fingerprint, in their order, at least one. Returns nullopt if the
  // copy's columns are not those of `before`.
  [[nodiscard]] static std::optional<ColumnLineage> through(const Fingerprint& before, const TableSchema& known,
                                                            std::span<const Described> described);

  // In the order of their numbers.
  [[nodiscard]] const std::vector<Column>& columns() const { return columns_; }
  // For each column of a message from in between, its index in columns(). `descriptions`: how many came before it; of
  // no meaning after between(). Returns nullopt if they are not these columns.
  [[nodiscard]] std::optional<std::vector<std::size_t>> find(const TableSchema& message,
                                                             std::size_t descriptions = 0) const;

 private:
  [[nodiscard]] std::optional<std::vector<std::size_t>> find_by_place(const TableSchema& message) const;
  [[nodiscard]] std::optional<std::vector<std::size_t>> find_by_name(const TableSchema& message) const;
  [[nodiscard]] std::optional<std::vector<std::size_t>> find_described(const TableSchema& message,
                                                                       std::size_t descriptions) const;
  [[nodiscard]] bool has_dropped() const;
  [[nodiscard]] bool take(const Fingerprint& before, const Described& described, bool is_last);

  std::vector<Column> columns_;
  // After through(): by name, the index in columns_; first as known, then after each description.
  std::vector<std::map<std::string, std::size_t>> names_;
};

}  // namespace walbrook::postgres
