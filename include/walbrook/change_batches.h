// Changes as Arrow arrays, for a program that writes them to a place of its choice.
//
//   const auto changes = walbrook::replication_resource({.slot_name = "feed", .pub_name = "shop"});
//   for (const auto& batch : changes.batches()) {
//     ArrowArrayStream stream;
//     batch.export_to(&stream);
//     std::cout << batch.schema_name() << '.' << batch.table_name() << ": " << batch.rows() << " changes\n";
//     stream.release(&stream);  // or hand it to DuckDB, Arrow, Polars, …, which release it
//   }
//
// A batch holds changes of one table at one version of its columns, at most target_batch_size of them, in commit order.
// Batches of one table come in commit order. Between two batches that have a complete_lsn(), batches of different
// tables come in no particular order.
//
// Each row is one change. Four columns of walbrook come first, then the table's:
//
//   _walbrook_operation    large utf8, not null        "insert", "update", "delete" or "truncate"
//   _walbrook_lsn          uint64, not null            commit LSN of the transaction (0/1A2B is 6699): equal within
//                                                      a transaction, ascending within a table
//   _walbrook_commit_time  timestamp[us, UTC], not null
//   _walbrook_unchanged    large list of large utf8    columns whose values the source did not send because they
//                                                      are large and did not change: they are NULL here, and keep
//                                                      their old values. NULL if every column was sent
//   …                      the table's columns, nullable, in the table's order, with their names in the source or those
//                          that overrides set
//   <column>__v_text       large utf8                  overflow column: the value as PostgreSQL prints it, where
//                                                      the column cannot hold it (such as numeric NaN) and is NULL.
//                                                      Overflow columns come last, in batches that need them only
//
// If the table has a column with such a name, underscores are appended to the name of walbrook's column; its position
// is the same. The table's columns contain:
//
//   insert    the new row
//   update    the new row, which replaces the row with its key (key_columns)
//   delete    the key of the deleted row; all other columns are NULL, which means nothing. With REPLICA IDENTITY FULL,
//             the whole deleted row
//   truncate  NULL in every column: all rows of the table are deleted
//
// An update for which the source sends the old row, because the key changes or the replica identity is FULL, comes as a
// delete followed by an insert: two consecutive rows of one batch (of two batches if target_batch_size is 1). Columns
// that such an insert lists as unchanged have the values of the deleted row. A program reproduces the source's table if
// it goes through the rows in order, empties its table for a truncate, and for any other change deletes the row with
// the key and then writes the new row, if there is one.
//
// Types are those of a target table's columns (docs/types.md): bool, int16, int32, int64, uint32, uint64, float32,
// float64, decimal128(p,s), large utf8, json (large utf8, arrow.json), large binary, uuid (16 bytes, arrow.uuid),
// date32, time64[us], timestamp[us], timestamp[us, UTC], large list, struct, map. Infinite dates and timestamps are the
// largest number of the type, or its negative; time 24:00 is 86,400,000,000. Types that Arrow lacks become:
//
//   time with time zone  struct<time: time64[us], offset_seconds: int32>, east of Greenwich positive
//   interval             struct<months: int32, days: int32, microseconds: int64>
//   bit, varbit          large utf8: 0101
#pragma once

#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "walbrook/arrow.h"
#include "walbrook/export.h"

namespace walbrook {

// Copies are cheap and share the rows, which never change. As long as one copy lives, the rows that were read together
// with it (up to 32 MB) stay in memory.
class WALBROOK_EXPORT ChangeBatch {
 public:
  struct Rows;  // internal to the library
  explicit ChangeBatch(std::shared_ptr<const Rows> rows);
  ~ChangeBatch();
  ChangeBatch(const ChangeBatch&);
  ChangeBatch& operator=(const ChangeBatch&);
  ChangeBatch(ChangeBatch&&) noexcept;
  ChangeBatch& operator=(ChangeBatch&&) noexcept;

  [[nodiscard]] const std::string& schema_name() const;
  [[nodiscard]] const std::string& table_name() const;
  [[nodiscard]] std::size_t rows() const;
  // The columns by which a row of the table is found. If empty, a row is found by all of its columns.
  [[nodiscard]] const std::vector<std::string>& key_columns() const;
  // Set ("0/1538C10") if this batch ends whole transactions over all tables: everything that was committed before that
  // LSN has then been handed out, this batch included. Empty otherwise. A program that writes to a database commits at
  // these batches, and at the end.
  [[nodiscard]] const std::string& complete_lsn() const;

  // Exports a copy of the rows, as often as it is called. The consumer owns the copy and releases it, on any thread,
  // even after this object and all other objects of the library are gone. The stream has one array.
  void export_to(ArrowArrayStream* stream) const;
  void export_to(ArrowSchema* schema, ArrowArray* array) const;

 private:
  std::shared_ptr<const Rows> rows_;
};

// The changes that ReplicationResource::batches returns. Movable; one thread at a time. As long as the object lives it
// holds the slot, and no other reader can use it. A background thread reads ahead (at most three batches of 32 MB,
// except that one row may be larger) and keeps the connection alive however long the program takes for a batch. A
// connection that broke is opened again.
class WALBROOK_EXPORT ChangeBatches {
 public:
  class Reader;  // internal to the library
  explicit ChangeBatches(std::unique_ptr<Reader> reader);
  ~ChangeBatches();
  ChangeBatches(ChangeBatches&&) noexcept;
  ChangeBatches& operator=(ChangeBatches&&) noexcept;
  ChangeBatches(const ChangeBatches&) = delete;
  ChangeBatches& operator=(const ChangeBatches&) = delete;

  // Blocks until there is a batch. Returns nullopt once everything that was committed before `batches` was called has
  // been handed out, or a stop was requested. The call also marks the previous batch as done
  // (ReplicationResource::batches). A call that throws Error ends the iteration. Error(data) reports a change that
  // cannot be read; an iteration whose table_names leave out that table can read the others.
  [[nodiscard]] std::optional<ChangeBatch> next();

  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = ChangeBatch;
    using difference_type = std::ptrdiff_t;
    using pointer = const ChangeBatch*;
    using reference = const ChangeBatch&;

    explicit Iterator(ChangeBatches& of) : of_(&of), batch_(of.next()) {}
    reference operator*() const { return *batch_; }
    pointer operator->() const { return &*batch_; }
    Iterator& operator++() {
      batch_.reset();
      batch_ = of_->next();
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const Iterator& at, std::default_sentinel_t /*end*/) { return !at.batch_.has_value(); }

   private:
    ChangeBatches* of_;
    std::optional<ChangeBatch> batch_;
  };
  // Returns an iterator that continues after the last batch that was handed out. The batches can be iterated only once.
  [[nodiscard]] Iterator begin() { return Iterator(*this); }
  [[nodiscard]] static std::default_sentinel_t end() { return {}; }

 private:
  std::unique_ptr<Reader> reader_;
};

}  // namespace walbrook
