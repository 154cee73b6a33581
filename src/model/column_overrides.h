// What the user configures for a table's columns beyond what follows from their source types: another name, a wider
// type, a description.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "model/table_schema.h"

namespace walbrook {

// An absent field changes nothing: it stays as the copy has it.
struct ResolvedOverride {
  // The name in the destination; the name in the source means the name that the destination would choose.
  std::optional<std::string> name{};
  std::optional<PhysicalType> type{};  // the type that follows from the source type, or a wider one
  std::optional<std::string> description{};
  friend bool operator==(const ResolvedOverride&, const ResolvedOverride&) = default;
};

using ResolvedOverrides = std::map<std::string, ResolvedOverride>;  // by the column's name in the source

// Every value of the column can be stored in `type` unchanged or, if that is a text type, in PostgreSQL's text form. A
// numeric without precision fits every decimal: values that exceed it go to the overflow column, as a numeric's NaN
// does.
//
//   smallint                   | INTEGER, BIGINT, FLOAT, DOUBLE, decimals with 5 digits before the point
//   integer, oid               | BIGINT, DOUBLE, decimals with 10; oid also UBIGINT
//   bigint, xid8               | decimals with 19, with 20
//   numeric(p,s)               | decimals with as many digits on both sides; s = 0: SMALLINT (p <= 4),
//                              | INTEGER (p <= 9), BIGINT (p <= 18), DOUBLE (p <= 15)
//   numeric                    | every decimal
//   real                       | DOUBLE
//   every type                 | VARCHAR
[[nodiscard]] bool is_wider(const ColumnSchema& column, const PhysicalType& type);

// Why the type is not wider, for people. REQUIRES: !is_wider(column, type).
[[nodiscard]] std::string why_not_wider(const ColumnSchema& column, const PhysicalType& type);

// Applies the overrides to the columns of `schema`. A type that is not wider, because the column was altered meanwhile,
// is skipped. REQUIRES: the columns of `schema` are as they follow from the source.
void apply_overrides(TableSchema& schema, const ResolvedOverrides& overrides);
// The overrides that a copy with these columns was made with.
[[nodiscard]] ResolvedOverrides recorded_overrides(const TableSchema& schema);
// Combines both: a field of `newer` that is set wins over that of `older`.
[[nodiscard]] ResolvedOverrides overlaid(ResolvedOverrides newer, const ResolvedOverrides& older);

}  // namespace walbrook
