// A destination that is a lake: DuckDB's destination over an attached database, and its maintenance.
#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "destination/compactor.h"
#include "destination/duckdb/duckdb_destination.h"
#include "destination/ducklake/lake_url.h"
#include "destination/open_destination.h"

namespace walbrook::destination::ducklake {

class LakeDestination final : public duckdb::DuckDbDestination, private Compactor {
 public:
  explicit LakeDestination(const DestinationOptions& options);

  [[nodiscard]] std::unique_ptr<Transaction> begin(const AttemptId& attempt) override;
  void maintain(Lull lull) override;
  // Also finds target tables of which a file is missing.
  [[nodiscard]] std::vector<TargetFinding> inspect(std::span<const OutputRecord> outputs) override;
  [[nodiscard]] Compactor* compactor() override { return this; }

 private:
  [[nodiscard]] std::vector<CompactedTable> compact() override;

  CatalogKind kind_;
  std::string pipeline_;
  LakeOptions lake_;
  std::chrono::steady_clock::time_point maintained_;
  bool was_written_ = false;  // since then
};

}  // namespace walbrook::destination::ducklake
