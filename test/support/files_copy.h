// Reads a destination of files for the oracle as a user would: by a plain DuckDB and views.sql. The state comes from
// the manifests, which it puts into tables as a DuckDB file has them, as far as the oracle reads them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "test/support/duck_copy.h"

namespace walbrook::test {

class FilesCopy final : public DuckCopy {
 public:
  // Reads the manifests as they are now. Throws std::runtime_error if a view cannot be created.
  explicit FilesCopy(const std::filesystem::path& lake);

  [[nodiscard]] std::vector<SqlRow> tables() override;
};

// Whether a transaction was committed to the files, so that FilesCopy can read them.
[[nodiscard]] bool has_files_copy(const std::filesystem::path& lake);

}  // namespace walbrook::test
