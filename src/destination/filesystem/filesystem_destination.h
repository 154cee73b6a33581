// A destination that is a folder, or a bucket, of Parquet, CSV or JSON files.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/descriptor.h"
#include "destination/destination.h"
#include "destination/filesystem/file_copies.h"
#include "destination/filesystem/filesystem_transaction.h"
#include "destination/filesystem/location.h"
#include "destination/filesystem/manifest_store.h"
#include "destination/open_destination.h"

namespace walbrook::destination::filesystem {

class FilesystemDestination final : public destination::Destination, private QueryEngine, private Compactor {
 public:
  explicit FilesystemDestination(const DestinationOptions& options);
  ~FilesystemDestination() override;

  [[nodiscard]] const Capabilities& capabilities() const override;
  [[nodiscard]] std::string name() const override { return label_; }
  [[nodiscard]] std::string type_name(const PhysicalType& type) const override;
  [[nodiscard]] State open() override;
  [[nodiscard]] State read_state() override;
  void check_still_there() override;
  [[nodiscard]] std::vector<TargetFinding> inspect(std::span<const OutputRecord> outputs) override;
  [[nodiscard]] std::unique_ptr<destination::Transaction> begin(const AttemptId& attempt) override;
  [[nodiscard]] std::unique_ptr<CopyWriter> begin_copy(std::span<const CopyTarget> outputs) override;
  void drop(DropScope scope, std::span<const OutputRecord> outputs) override;
  [[nodiscard]] QueryEngine* query_engine() override { return this; }
  [[nodiscard]] Compactor* compactor() override { return this; }

 private:
  [[nodiscard]] std::unique_ptr<ReadSession> open_session(const ReadOptions& options) override;
  std::vector<CompactedTable> compact() override;
  [[nodiscard]] std::shared_ptr<duckdb::Database> make_database() const;
  void lock_folder();
  void check_writable() const;
  [[nodiscard]] WriteContext context() const;
  [[nodiscard]] std::unique_ptr<FilesystemTransaction> begin_transaction(const AttemptId& attempt);
  [[nodiscard]] Manifest manifest() const;
  void set_manifest(Manifest manifest);
  void find_out_about_uncertain();
  [[nodiscard]] std::optional<TargetFinding> inspect_one(const Manifest& manifest, const OtherPipelines& others,
                                                         const OutputRecord& output);
  [[nodiscard]] bool has_all_files(const FileTarget& target);
  void forget_outputs(Manifest& manifest, std::span<const OutputRecord> outputs);
  void store_dropped(Manifest manifest);

  DestinationOptions options_;
  Location location_;
  std::string label_;
  Descriptor lock_;
  std::unique_ptr<Storage> storage_;
  std::shared_ptr<duckdb::Database> database_;
  std::unique_ptr<ManifestStore> store_;
  std::unique_ptr<FinishedCopies> copies_;
  bool transaction_is_open_ = false;
  std::optional<Manifest> uncertain_;  // what is durable if a commit that failed succeeded after all
  mutable std::mutex mutex_;           // guards manifest_
  Manifest manifest_;
};

}  // namespace walbrook::destination::filesystem
