// Reads a lake for the oracle as a user would: by a plain DuckDB with the extension ducklake.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "test/support/duck_copy.h"

namespace walbrook::test {

// DuckDB's extensions for lakes, from tools/install-ducklake.
[[nodiscard]] std::filesystem::path lake_extensions();
[[nodiscard]] bool has_lake_extensions();
// Why a test is skipped that needs them.
inline constexpr const char* no_lake_extensions = "tools/install-ducklake brings DuckDB's extensions for lakes";

// Loads the extensions into the reader's database and attaches the lake as `lake`. `attached` is what ATTACH takes:
// "ducklake:sqlite:/data/shop.sqlite". `bucket_secret` is run before, if it is not empty.
void attach_lake(DuckReader& reader, const std::string& attached, const std::string& options = "READ_ONLY",
                 const std::string& bucket_secret = "");

// Whether a pipeline has written its state to the lake, so that LakeCopy can read it.
[[nodiscard]] bool has_lake(const std::string& attached);

class LakeCopy final : public DuckCopy {
 public:
  explicit LakeCopy(const std::string& attached, const std::string& bucket_secret = "");

  [[nodiscard]] std::vector<SqlRow> tables() override;
  // A lake has text where DuckDB has INTERVAL, TIMETZ and BIT.
  [[nodiscard]] std::string other_type(const SourceColumn& column, const std::string& type) override;
  [[nodiscard]] std::vector<std::string> source_rows(Sql& source, const PublishedTable& table) override;
  [[nodiscard]] std::vector<std::string> copied_rows(Sql& source, const PublishedTable& table,
                                                     const CopiedTable& target,
                                                     const std::vector<CopiedColumn>& columns) override;
};

}  // namespace walbrook::test
