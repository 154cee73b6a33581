// A transaction of a destination of files. Rows go to files that nobody reads; commit() writes the manifest that names
// them.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "destination/compactor.h"
#include "destination/filesystem/file_copies.h"
#include "destination/filesystem/file_writer.h"
#include "destination/filesystem/manifest_store.h"
#include "destination/transaction.h"

namespace walbrook::destination::filesystem {

class FilesystemTransaction final : public destination::Transaction {
 public:
  // How the transaction ended, for its destination.
  struct Outcome {
    bool committed = false;
    bool uncertain = false;  // commit() failed: the transaction may or may not be durable
    Manifest manifest;       // as it is if the transaction is durable
  };
  using Ended = std::function<void(Outcome&& outcome)>;

  // Borrows `store` and `copies` for its lifetime. `current` is the pipeline's manifest.
  FilesystemTransaction(WriteContext context, ManifestStore& store, FinishedCopies& copies, Manifest current,
                        const AttemptId& attempt, Ended ended);
  ~FilesystemTransaction() override;

  void alter(const OutputRecord& output, const Alteration& alteration) override;
  void alter_copy(const OutputRecord& output, const Alteration& alteration) override;
  void swap_in(const OutputRecord& output, const TargetName* former) override;
  void move(std::span<const TargetMove> moves) override;
  void complete(const OutputRecord& output, const RowsOf& rows, std::span<const Patch> patches) override;
  std::uint64_t remove(const OutputRecord& output, const RowsOf& rows, std::span<const Removal> removals) override;
  AppendCounts append(const OutputRecord& output, const RowsOf& rows, std::span<const RowRef> appended) override;
  void truncate(const OutputRecord& output) override;
  void put(const StateChange& change) override;
  void read_prepared(std::uint32_t xid, const std::function<void(std::string_view)>& sink) override;
  void commit() override;

  // Replaces the files of each table that has files of changes by its current state (compaction.h). Returns these
  // tables.
  [[nodiscard]] std::vector<CompactedTable> compact_tables();

 private:
  using Name = Manifest::Name;

  // Returns whether anything of the table has changed.
  static bool alter(FileTable& table, const OutputRecord& output, const Alteration& alteration);
  // The copy as this transaction has altered it.
  [[nodiscard]] std::optional<FinishedCopy> find_copy(const OutputRecord& output);
  // Throws TargetRefused if there is no such target, or if somebody removed its files.
  [[nodiscard]] FileTarget& target_of(const OutputRecord& output);
  [[nodiscard]] FileWriter& writer_of(const Name& name);
  void follow(FileTarget& target, const Name& name, const RowsOf& rows, std::span<const RowRef> appended);
  void complete_moved_rows(const FileTarget& target, FileWriter& writer, const RowsOf& rows,
                           std::span<const RowRef> appended);
  void complete_moved_row(const FileTarget& target, FileWriter& writer, Lsn lsn, std::uint32_t sequence);
  void take_written(const Name& name, FileTarget& target);
  void compact(const Name& name, FileTarget& target);
  void supersede(const FileTarget& target);
  void put_output(const OutputRecord& record);
  void keep_prepared(const KeepPrepared& kept);

  WriteContext context_;
  ManifestStore& store_;
  FinishedCopies& copies_;
  Ended ended_;
  Outcome outcome_;
  bool records_changed_ = false;
  std::size_t prepared_parts_ = 0;             // that this transaction has kept
  std::vector<std::string> dropped_prepared_;  // files that are removed once the transaction is durable
  std::optional<OtherPipelines> others_;       // read when a name is first asked for
  std::set<Name> present_;                     // targets of earlier transactions whose files are there
  std::map<Name, std::unique_ptr<FileWriter>> writers_;
  std::map<OutputId, FinishedCopy> altered_copies_;
  std::set<OutputId> taken_copies_;
  std::set<OutputId> dropped_copies_;
};

}  // namespace walbrook::destination::filesystem
