// Rows of tables that are copied, invisible under their target names until they are swapped in.
#pragma once

#include <cstddef>

#include "destination/state.h"
#include "model/row_batch.h"
#include "model/table_schema.h"

namespace walbrook::destination {

// One output of a copy.
struct CopyTarget {
  const OutputRecord* output = nullptr;  // borrowed for the time of begin_copy; `style` is the one that the copy gets
  TableSchemaRef schema;                 // of the rows to come
};

// Threads: one thread at a time uses a writer. Several writers of different tables may be in use at the same time.
class CopyWriter {
 public:
  CopyWriter() = default;
  CopyWriter(const CopyWriter&) = delete;
  CopyWriter& operator=(const CopyWriter&) = delete;
  virtual ~CopyWriter() = default;  // without finish(): what was written goes

  // Rows of the output that was the `index`th at begin_copy. REQUIRES: only inserts.
  virtual void append(std::size_t index, const RowBatch& rows) = 0;
  // Makes all tables of the writer durable by one commit: all of them are whole, or none.
  virtual void finish() = 0;
};

}  // namespace walbrook::destination
