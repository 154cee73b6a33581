#include "destination/postgres/state_rows.h"

namespace walbrook::destination::postgresql {

std::optional<std::string> text_or_null(std::string text) {
  return text.empty() ? std::nullopt : std::optional(std::move(text));
}

std::optional<std::string> lsn_or_null(Lsn lsn) {
  return lsn.is_set() ? std::optional(lsn.to_string()) : std::nullopt;
}

std::optional<std::string> boolean_or_null(std::optional<bool> value) {
  if (!value) return std::nullopt;
  return *value ? "t" : "f";
}

std::string lsn_literal(Lsn lsn) {
  return lsn.is_set() ? literal(lsn.to_string()) : "NULL";
}

std::string literal_or_null(const std::string& text) {
  return text.empty() ? "NULL" : literal(text);
}

TargetRecord target_record(const postgres::Rows& rows, int row) {
  return {
      .kind = rows.text(row, 2) == "live" ? TargetRecord::Kind::live : TargetRecord::Kind::finished_copy,
      .output = {rows.oid(row, 3)},
      .has_source = rows.boolean(row, 5),
      .target = {
          .schema = rows.text(row, 0), .table = rows.text(row, 1), .columns = columns_from_json(rows.text(row, 4))}};
}

}  // namespace walbrook::destination::postgresql
