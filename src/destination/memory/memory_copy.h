// Copies in a memory destination: tables that nobody sees until they are finished and swapped in.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "destination/copy_writer.h"
#include "destination/memory/memory_store.h"

namespace walbrook::destination::memory {

class MemoryCopyWriter final : public destination::CopyWriter {
 public:
  // Throws Error(destination) if a target name belongs to another pipeline, or to a table that walbrook did not make.
  MemoryCopyWriter(std::shared_ptr<MemoryStore> store, std::string pipeline, std::span<const CopyTarget> outputs);

  void append(std::size_t index, const RowBatch& rows) override;
  void finish() override;

 private:
  struct Copy {
    OutputId output;
    MemoryTable table;
    Lsn consistent_point;
  };

  std::shared_ptr<MemoryStore> store_;
  std::string pipeline_;
  std::vector<Copy> copies_;
};

}  // namespace walbrook::destination::memory
