// Copies of tables. Readers do not see a copy under its target name until Transaction::swap_in.
#pragma once

#include <cstddef>

#include "destination/state.h"
#include "model/row_batch.h"
#include "model/table_schema.h"

namespace walbrook::destination {

// One output of a copy.
struct CopyTarget {
  const OutputRecord* output = nullptr;  // borrowed until begin_copy returns; its `style` is the copy's
  TableSchemaRef schema;                 // of the rows to come
};

// Threads: one thread at a time uses a writer. Several writers of different tables may be in use at the same time.
class CopyWriter {
 public:
  CopyWriter() = default;
  CopyWriter(const CopyWriter&) = delete;
  CopyWriter& operator=(const CopyWriter&) = delete;
  virtual ~CopyWriter() = default;  // drops the copy unless finish() returned

  // Appends rows of the output that was at `index` in the span given to begin_copy. `rows` is borrowed until return.
  // REQUIRES: all of them are inserts.
  virtual void append(std::size_t index, const RowBatch& rows) = 0;
  // Makes all copies of the writer durable and finished by one commit: all of them become whole, or none.
  virtual void finish() = 0;
};

}  // namespace walbrook::destination
