// A bucket of an object store that speaks S3, through DuckDB's extension httpfs. An object appears as a whole, by the
// request that ends its upload.
//
// DuckDB deletes no objects (1.5.5). An object that is removed becomes one line without text, which counts as none.
#pragma once

#include <memory>
#include <string>

#include "destination/duckdb/connection.h"
#include "destination/filesystem/storage.h"

namespace walbrook::destination::filesystem {

class BucketStorage final : public Storage {
 public:
  // REQUIRES: duckdb::prepare_bucket_access was called for the database.
  BucketStorage(std::shared_ptr<duckdb::Database> database, std::string root)
      : database_(std::move(database)), root_(std::move(root)) {}

  [[nodiscard]] std::string path_of(const std::string& name) const override { return root_ + "/" + name; }
  [[nodiscard]] std::string begin_file(const std::string& name) override { return path_of(name); }
  std::uint64_t finish_file(const std::string& /*name*/) override { return 0; }
  void explain(const Error& failed) const override;
  void sync() override {}
  void put(const std::string& name, std::string_view text) override;
  [[nodiscard]] std::optional<std::string> get(const std::string& name) override;
  [[nodiscard]] bool has(const std::string& name) override;
  [[nodiscard]] std::vector<StoredFile> list(const std::string& folder) override;
  void remove(const std::string& name) noexcept override;

 private:
  // Returns the result of the query; nullopt if the object does not exist.
  [[nodiscard]] std::optional<std::vector<duckdb::Row>> read(const std::string& sql);

  std::shared_ptr<duckdb::Database> database_;
  std::string root_;
};

}  // namespace walbrook::destination::filesystem
