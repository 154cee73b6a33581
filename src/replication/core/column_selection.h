// Which columns of which tables are copied, and how they are overridden. A publication's column list selects at the
// source; this selects here, for servers without column lists (14) and for publications that are not walbrook's.
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
  // Each name carries its columns; a name without a schema means that table in every schema.
  explicit ColumnSelection(std::vector<postgres::TableName> tables, std::vector<ResolvedTableOverrides> overrides = {})
      : tables_(std::move(tables)), overrides_(std::move(overrides)) {}

  // Removes from the publication's tables the columns that were not asked for, and sets their overrides. A table whose
  // partitions are published one by one becomes `unfit`: the stream then names the partitions, not the table.
  void restrict_tables(postgres::Publication& publication) const;
  // Throws Error(configuration) if restrict_tables would make the table unfit.
  void require_fit(const postgres::Publication& publication, const postgres::SourceTable& table) const;
  // For each column of the message, in its order, whether it is copied; empty: all are.
  [[nodiscard]] std::vector<bool> taken(const postgres::Relation& message) const;
  // Applies the table's overrides to the columns of `schema`.
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
