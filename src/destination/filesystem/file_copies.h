// Copies of tables at a destination of files: files that no manifest names until they are swapped in.
//
// Copies that are finished wait here, in the memory of the process. A copy that its process did not swap in is lost
// with it: the next open() removes its files, and the table is copied again.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "destination/copy_writer.h"
#include "destination/filesystem/file_writer.h"

namespace walbrook::destination::filesystem {

struct FinishedCopy {
  std::int64_t generation = 0;
  FileTarget target;
};

// Threads: any.
class FinishedCopies {
 public:
  explicit FinishedCopies(Storage& storage) : storage_(storage) {}

  // Returns the generation of the next copy; each is given once. None is below `least`.
  [[nodiscard]] std::int64_t next_generation(std::int64_t least);
  void add(std::vector<FinishedCopy> copies);  // replaces those of the same outputs
  [[nodiscard]] std::optional<FinishedCopy> find(OutputId output) const;
  void replace(FinishedCopy copy);  // REQUIRES: its output has one
  void take(OutputId output);       // its files belong to the caller
  void drop(OutputId output);       // removes its files

 private:
  void remove_files(const FinishedCopy& copy) const;

  Storage& storage_;
  mutable std::mutex mutex_;
  std::int64_t newest_ = 0;
  std::map<OutputId, FinishedCopy> copies_;
};

class FileCopyWriter final : public destination::CopyWriter {
 public:
  // `finished` is borrowed; `generation` is that of all copies of the writer.
  FileCopyWriter(const WriteContext& context, FinishedCopies& finished, std::int64_t generation,
                 std::span<const CopyTarget> outputs);

  void append(std::size_t index, const RowBatch& rows) override;
  void finish() override;

 private:
  struct Copied {
    TableSchemaRef schema;
    Provenance provenance;
    OutputId output;
    bool has_source = true;
    std::unique_ptr<FileWriter> writer;
  };

  Storage& storage_;
  FinishedCopies& finished_;
  std::int64_t generation_;
  std::vector<Copied> copied_;
};

}  // namespace walbrook::destination::filesystem
