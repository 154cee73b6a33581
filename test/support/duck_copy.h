// Reads a destination for the oracle by DuckDB. Values are compared by a canonical text, which PostgreSQL and DuckDB
// make.
#pragma once

#include <filesystem>

#include "test/support/copy_reader.h"
#include "test/support/duck_reader.h"

namespace walbrook::test {

class DuckCopy : public CopyReader {
 public:
  explicit DuckCopy(const std::filesystem::path& file, DuckReader::Access access = DuckReader::Access::read_only,
                    bool has_enums = false)
      : reader_(file, access), has_enums_(has_enums) {}

  [[nodiscard]] bool folds_case() const override { return true; }
  [[nodiscard]] std::vector<SqlRow> query(const std::string& sql) override { return reader_.query(sql); }
  [[nodiscard]] std::vector<SqlRow> tables() override;
  [[nodiscard]] std::optional<std::map<std::string, std::string>> column_types(const CopiedTable& table) override;
  [[nodiscard]] std::string other_type(const SourceColumn& column, const std::string& type) override;
  [[nodiscard]] std::vector<std::string> source_rows(Sql& source, const PublishedTable& table) override;
  [[nodiscard]] std::vector<std::string> copied_rows(Sql& source, const PublishedTable& table,
                                                     const CopiedTable& target,
                                                     const std::vector<CopiedColumn>& columns) override;

 protected:
  DuckReader reader_;

 private:
  bool has_enums_;  // columns of enums are ENUM
};

}  // namespace walbrook::test
