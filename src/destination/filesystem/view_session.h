// Queries over files: a DuckDB in memory with the views of all pipelines in the folder, and their state as in a DuckDB
// file (destination/duckdb/state.h), so that whatever reads the state there reads it here.
//
// A session sees the pipelines' manifests as they were when it began. It reads files of the destination and nothing
// else: besides the check of each statement, DuckDB itself is confined to the destination's folder.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "destination/duckdb/connection.h"
#include "destination/filesystem/location.h"
#include "destination/filesystem/manifest.h"
#include "destination/filesystem/views.h"
#include "destination/query_engine.h"

namespace walbrook::destination::filesystem {

// What a session reads.
struct ViewSource {
  Location location;
  std::string label;
  PathOf path_of;
  std::function<std::map<std::string, Manifest>()> manifests;   // of all pipelines, by name
  std::function<std::shared_ptr<duckdb::Database>()> database;  // opens an empty one that reaches the files
};

class ViewSession final : public ReadSession {
 public:
  ViewSession(ViewSource source, ReadOptions options);

  [[nodiscard]] Lsn lsn() const override { return session_->lsn(); }
  [[nodiscard]] std::vector<PipelinePosition> positions() const override { return session_->positions(); }
  [[nodiscard]] QueryResult query(const std::string& sql, NestedCells nested) override;
  [[nodiscard]] std::unique_ptr<ArrowRows> arrow_rows(const std::string& sql) override;
  void refresh() override;
  void interrupt() override;

 private:
  [[nodiscard]] std::unique_ptr<ReadSession> make_session() const;

  ViewSource source_;
  ReadOptions options_;
  std::mutex mutex_;  // guards the pointer, which refresh() changes
  std::unique_ptr<ReadSession> session_;
};

}  // namespace walbrook::destination::filesystem
