// Which columns of which tables are copied, and what is overridden in them. A publication's column list chooses at the
// source; this does it here, where the server has no column lists (14) or the publication is somebody else's.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "postgres/catalog/catalog.h"
#include "postgres/catalog/table_name.h"
#include "postgres/protocol/message.h"
#include "postgres/slot/slot.h"

namespace walbrook::replication {

struct ResolvedTableOverrides {
  std::string schema;
  std::string name;
  ResolvedOverrides columns;
};

class ColumnSelection {
 public:
  ColumnSelection() = default;
  // Each with its columns; a name without a schema is that table in every schema.
  explicit ColumnSelection(std::vector<postgres::TableName> tables, std::vector<ResolvedTableOverrides> overrides = {})
      : tables_(std::move(tables)), overrides_(std::move(overrides)) {}

  // Takes out of the publication's tables what was not asked for, and gives them their overrides. A table whose
  // partitions are published one by one becomes `unfit`: the stream then names them, not the table.
  void restrict_tables(postgres::Publication& publication) const;
  // Throws Error(configuration) for a table that restrict_tables would make unfit.
  void require_fit(const postgres::Publication& publication, const postgres::SourceTable& table) const;
  // For each column of the message, in its order: is it copied? Empty = all are.
  [[nodiscard]] std::vector<bool> taken(const postgres::Relation& message) const;
  // The columns with their overrides.
  void shape(TableSchema& schema) const;

 private:
  [[nodiscard]] std::optional<Error> misfit(const postgres::Publication& publication,
                                            const postgres::SourceTable& table) const;
  [[nodiscard]] const postgres::TableName* find(std::string_view schema, std::string_view name) const;
  [[nodiscard]] const ResolvedTableOverrides* find_overrides(std::string_view schema, std::string_view name) const;
  std::vector<postgres::TableName> tables_;
  std::vector<ResolvedTableOverrides> overrides_;
};

using ColumnSelectionRef = std::shared_ptr<const ColumnSelection>;

}  // namespace walbrook::replication
