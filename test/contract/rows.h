// Schemas, row batches and net effects in a notation that is easy to read in tests.
#pragma once

#include <deque>
#include <initializer_list>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "destination/open_destination.h"
#include "model/column.h"
#include "model/row_batch.h"
#include "output/row_operations.h"

namespace walbrook::contract {

struct Null {};
struct Unchanged {};  // the cell was not sent
struct OverflowText {
  std::string text;
};
struct Cell;
// The elements of a list, the fields of a structure, or key, value, key, value, … of a map.
struct Parts {
  std::vector<Cell> cells;
};
struct Cell : std::variant<Null, Unchanged, OverflowText, bool, int, std::int64_t, std::uint64_t, double, Int128,
                           TimeTz, Interval, std::string, Parts> {
  using variant::variant;
};

struct ColumnSpec {
  std::string name;
  PhysicalType type;
  bool in_key = false;
};

inline const PhysicalType int4{Layout::int32};
inline const PhysicalType int8{Layout::int64};
inline const PhysicalType text{Layout::utf8};
inline const PhysicalType numeric{Layout::decimal, 38, 9};
inline constexpr bool key = true;

// The identity is `key` if any column is in it, otherwise `full`.
[[nodiscard]] TableSchemaRef table(std::string name, std::initializer_list<ColumnSpec> columns, Oid oid = 16400);

// Returns the cell of a column in the widest form of its kind: an int64 for every signed integer.
[[nodiscard]] Cell cell_of(const Column& column, std::size_t row);
// Returns the cell as a column of that type would hold it.
[[nodiscard]] Cell as_held(const Cell& cell, const PhysicalType& type);
// The text for comparisons and messages: 1, 0.5, true, text and bytes unchanged, - for NULL, ~NaN for a value with that
// overflow text, [1, -, 3] for a value with parts. A decimal is its scaled integer, a date its number of days.
[[nodiscard]] std::string to_text(const Cell& cell);

void append(RowBatch& batch, Op op, const std::vector<Cell>& cells);
[[nodiscard]] RowBatch inserts(const TableSchemaRef& schema, const std::vector<std::vector<Cell>>& rows);

// Begins a copy of one table.
[[nodiscard]] std::unique_ptr<destination::CopyWriter> begin_copy(destination::Destination& destination,
                                                                  const destination::OutputRecord& output,
                                                                  const TableSchemaRef& schema);
// Alters the table in its own transaction.
void alter(destination::Destination& destination, const destination::OutputRecord& output,
           const destination::Alteration& alteration);

// A net effect, with the batches that it borrows.
class Effect {
 public:
  explicit Effect(const TableSchemaRef& schema);

  Effect& insert(const std::vector<Cell>& row);                           // appended unchanged
  Effect& remove(const std::vector<Cell>& row, std::uint32_t count = 1);  // by key, or by content
  Effect& replace(const std::vector<Cell>& row);                          // removes its key and writes the row
  // Writes `row`, whose unchanged cells come from the target's row with the key of `origin`. Keys to be removed are
  // given separately.
  Effect& patch(const std::vector<Cell>& row, const std::vector<Cell>& origin);

  [[nodiscard]] const RowOperations& get() const { return effect_; }
  operator const RowOperations&() const { return effect_; }  // NOLINT(google-explicit-constructor): reads as one

 private:
  RowRef add(Op op, const std::vector<Cell>& row);

  TableSchemaRef schema_;
  std::unique_ptr<RowBatch> batch_;
  RowOperations effect_;
};

inline const auto orders = table("orders", {{"id", int4, key}, {"note", text}});

}  // namespace walbrook::contract
