// What the user asks of a table's columns beside what follows from their source types: another name, a wider type, a
// description.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "model/table_schema.h"

namespace walbrook {

// What is absent says nothing: it stays as the copy has it.
struct ResolvedOverride {
  std::optional<std::string> name{};   // in the destination; the source's own: as the destination calls columns
  std::optional<PhysicalType> type{};  // wider than what follows from the source type, or that
  std::optional<std::string> description{};
  friend bool operator==(const ResolvedOverride&, const ResolvedOverride&) = default;
};

using ResolvedOverrides = std::map<std::string, ResolvedOverride>;  // by the column's name in the source

// Every value of the column stands in `type` as it is, or, where that is a text, as PostgreSQL prints it. A numeric
// without precision fits every decimal: what is beyond goes to the overflow column, as a numeric's NaN does.
//
//   smallint                   | INTEGER, BIGINT, FLOAT, DOUBLE, decimals with 5 digits before the point
//   integer, oid               | BIGINT, DOUBLE, decimals with 10; oid also UBIGINT
//   bigint, xid8               | decimals with 19, with 20
//   numeric(p,s)               | decimals with as many digits on both sides; s = 0: SMALLINT (p <= 4), INTEGER (p <=
//   9),
//                              | BIGINT (p <= 18), DOUBLE (p <= 15)
//   numeric                    | every decimal
//   real                       | DOUBLE
//   every type                 | VARCHAR
[[nodiscard]] bool is_wider(const ColumnSchema& column, const PhysicalType& type);

// Why that is not so. REQUIRES: !is_wider(column, type).
[[nodiscard]] std::string why_not_wider(const ColumnSchema& column, const PhysicalType& type);

// The columns with their overrides; `schema` has them as they follow from the source. A type that is not wider, since
// the column was altered meanwhile, is passed over.
void apply_overrides(TableSchema& schema, const ResolvedOverrides& overrides);
// The overrides with which a copy with these columns was made.
[[nodiscard]] ResolvedOverrides recorded_overrides(const TableSchema& schema);
// `newer` where it says something, else `older`.
[[nodiscard]] ResolvedOverrides overlaid(ResolvedOverrides newer, const ResolvedOverrides& older);

}  // namespace walbrook
