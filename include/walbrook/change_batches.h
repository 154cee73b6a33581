// Changes as Arrow arrays, for a program that puts them where it wants.
//
//   const auto changes = walbrook::replication_resource({.slot_name = "feed", .pub_name = "shop"});
//   for (const auto& batch : changes.batches()) {
//     ArrowArrayStream stream;
//     batch.export_to(&stream);
//     std::cout << batch.schema_name() << '.' << batch.table_name() << ": " << batch.rows() << " changes\n";
//     stream.release(&stream);  // or hand it to DuckDB, Arrow, Polars, …, who do that when they are done
//   }
//
// A batch holds changes of one table at one version of its columns, target_batch_size at most, in the order of their
// commits. Batches of one table come in the order of their commits; those of different tables lie beside each other
// within what complete_lsn() ends.
//
// Each row is a change. First four columns of walbrook's, then the table's:
//
//   _walbrook_operation    large utf8, not null        insert, update, delete or truncate
//   _walbrook_lsn          uint64, not null            commit LSN of its transaction (0/1A2B is 6699): equal within a
//                                                      transaction, ascending within a table
//   _walbrook_commit_time  timestamp[us, UTC], not null
//   _walbrook_unchanged    large list of large utf8    the columns whose value the source did not send because it is
//                                                      large and did not change; they are NULL here, and keep what they
//                                                      had. NULL: every column is told
//   …                      the table's columns, nullable, in its order, under its names or those that overrides give
//   <column>__v_text       large utf8                  of the rows whose value the column cannot hold (numeric NaN, for
//                                                      one): the value as PostgreSQL prints it, the column is NULL.
//                                                      Only in a batch that has such rows, behind all others
//
// Where the table has a column of such a name, walbrook's gets underscores behind its own; by position it is the same.
//
//   insert    the row
//   update    the row, found by its key (key_columns)
//   delete    the old row: its key, all else NULL and without meaning; with REPLICA IDENTITY FULL all columns
//   truncate  all rows of the table go; the columns are NULL
//
// An update whose old row is told, because its key changes or the replica identity is FULL, comes as delete and insert:
// two rows, one below the other in one batch (in two where target_batch_size is 1). What such an insert lists as
// unchanged is the deleted row's. Who deletes by key and then writes, row by row, has the source's table.
//
// Types, of the column that a copy would have (docs/types.md): bool, int16, int32, int64, uint32, uint64, float32,
// float64, decimal128(p,s), large utf8, json (large utf8, arrow.json), large binary, uuid (16 bytes, arrow.uuid),
// date32, time64[us], timestamp[us], timestamp[us, UTC], large list, struct, map. Infinite dates and timestamps are the
// type's largest number, or its negative; time 24:00 is 86,400,000,000. Where Arrow has none:
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

// Copies are cheap and share the rows, which are never changed. While one is kept, the rows that were read with it (up
// to 32 MB) stay in memory.
class WALBROOK_EXPORT ChangeBatch {
 public:
  struct Rows;  // the library's own
  explicit ChangeBatch(std::shared_ptr<const Rows> rows);
  ~ChangeBatch();
  ChangeBatch(const ChangeBatch&);
  ChangeBatch& operator=(const ChangeBatch&);
  ChangeBatch(ChangeBatch&&) noexcept;
  ChangeBatch& operator=(ChangeBatch&&) noexcept;

  [[nodiscard]] const std::string& schema_name() const;
  [[nodiscard]] const std::string& table_name() const;
  [[nodiscard]] std::size_t rows() const;
  // By which a row of the table is found; empty: by all of its columns.
  [[nodiscard]] const std::vector<std::string>& key_columns() const;
  // Set ("0/1538C10") where a batch ends whole transactions over all tables: with this one, everything that was
  // committed before that position has been handed out. Otherwise empty. Who writes to a database commits here, and at
  // the end.
  [[nodiscard]] const std::string& complete_lsn() const;

  // A copy of the rows that the consumer owns and releases, on any thread, also when this object and the library's
  // other ones are gone. As often as you like. The stream gives one array.
  void export_to(ArrowArrayStream* stream) const;
  void export_to(ArrowSchema* schema, ArrowArray* array) const;

 private:
  std::shared_ptr<const Rows> rows_;
};

// What ReplicationResource::batches returns. Movable; one thread at a time. While it lives it holds the slot: no other
// reader gets in. A thread of its own reads ahead (three batches of 32 MB at most, one row may be larger) and keeps
// the connection alive however long a batch takes; a connection that broke is created again.
class WALBROOK_EXPORT ChangeBatches {
 public:
  class Reader;  // the library's own
  explicit ChangeBatches(std::unique_ptr<Reader> reader);
  ~ChangeBatches();
  ChangeBatches(ChangeBatches&&) noexcept;
  ChangeBatches& operator=(ChangeBatches&&) noexcept;
  ChangeBatches(const ChangeBatches&) = delete;
  ChangeBatches& operator=(const ChangeBatches&) = delete;

  // Blocks. nullopt: everything that was committed before `batches` was called has been handed out, or a stop was
  // requested. Asking for the next says that the former is done with: see flush_slot. Throws Error; the iteration is
  // over then. Error(data): a change that cannot be read, with table_names the others can.
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
  // Goes on from where `next` is: it can be gone through once.
  [[nodiscard]] Iterator begin() { return Iterator(*this); }
  [[nodiscard]] static std::default_sentinel_t end() { return {}; }

 private:
  std::unique_ptr<Reader> reader_;
};

}  // namespace walbrook
