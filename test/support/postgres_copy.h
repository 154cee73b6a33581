// Reads a PostgreSQL destination for the oracle. A column has the source's own type, or is text, and its values print
// as the source's do.
#pragma once

#include <string>

#include "test/support/copy_reader.h"

namespace walbrook::test {

class PostgresCopy final : public CopyReader {
 public:
  // Reads the database as it is now, in one transaction.
  explicit PostgresCopy(const std::string& conninfo);

  [[nodiscard]] bool folds_case() const override { return false; }
  [[nodiscard]] std::vector<SqlRow> query(const std::string& sql) override { return database_.query(sql); }
  [[nodiscard]] std::vector<SqlRow> tables() override;
  [[nodiscard]] std::optional<std::map<std::string, std::string>> column_types(const CopiedTable& table) override;
  [[nodiscard]] std::string other_type(const SourceColumn& column, const std::string& type) override;
  [[nodiscard]] std::vector<std::string> source_rows(Sql& source, const PublishedTable& table) override;
  [[nodiscard]] std::vector<std::string> copied_rows(Sql& source, const PublishedTable& table,
                                                     const CopiedTable& target,
                                                     const std::vector<CopiedColumn>& columns) override;

 private:
  Sql database_;
};

}  // namespace walbrook::test
