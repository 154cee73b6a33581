// PostgreSQL's types as the stream identifies them: by OID and typmod.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/physical_type.h"

namespace walbrook {

using Oid = std::uint32_t;

// The OIDs of pg_type.dat never change.
// https://github.com/postgres/postgres/blob/master/src/include/catalog/pg_type.dat
namespace type_oid {
inline constexpr Oid boolean = 16, bytea = 17, char1 = 18, name = 19, int8 = 20, int2 = 21, int4 = 23, text = 25,
                     oid = 26, json = 114, float4 = 700, float8 = 701, bpchar = 1042, varchar = 1043, date = 1082,
                     time = 1083, timestamp = 1114, timestamptz = 1184, interval = 1186, timetz = 1266, numeric = 1700,
                     uuid = 2950, jsonb = 3802, xid8 = 5069, xml = 142, bit = 1560, varbit = 1562;
}  // namespace type_oid

// User-defined types have OIDs from first_user_oid on (FirstNormalObjectId). The OIDs of pg_type.dat are below
// first_generated_oid; initdb assigns those in between.
inline constexpr Oid first_user_oid = 16384;
inline constexpr Oid first_generated_oid = 10000;

struct SourceField;

// A type with its domains resolved, and its parts.
struct SourceType {
  // Values of all kinds except scalar are taken apart. The last three are types of extensions; vector and halfvec are
  // pgvector's, and their values are lists of real.
  enum class Kind : std::uint8_t { scalar, list, composite, hstore, vector, halfvec };

  Oid oid = 0;       // the column's type
  Oid base_oid = 0;  // of the type under all domains; = oid otherwise
  // The domain's typmod, if it sets one; columns of a domain have typmod -1.
  std::int32_t base_typmod = -1;
  bool is_enum = false;      // of the base type
  Kind kind = Kind::scalar;  // of the base type
  char delimiter = ',';      // separates its values in an array
  std::string name{};        // "public.mood", for people
  // List: its element, without a name. Composite: its attributes, at least one.
  std::vector<SourceField> fields;
};

struct SourceField {
  std::string name;
  SourceType type;
  std::int32_t typmod = -1;  // of a composite's attribute
};

// A type of pg_type.dat: a scalar, or an array of scalars.
[[nodiscard]] SourceType built_in_type(Oid oid);

// Looks up types. `find` may query the server; it is called when a Relation message or a catalog row names a type. For
// a type that no longer exists it returns { oid, oid }: its values stay text as PostgreSQL prints them. It does the
// same for a type whose nesting exceeds max_type_depth or max_type_parts.
class TypeCatalog {
 public:
  TypeCatalog() = default;
  TypeCatalog(const TypeCatalog&) = delete;
  TypeCatalog& operator=(const TypeCatalog&) = delete;
  virtual ~TypeCatalog() = default;
  [[nodiscard]] virtual SourceType find(Oid oid) = 0;
  // Changes when earlier results of `find` may no longer hold: a composite type can be altered, and no message of the
  // stream reports that.
  [[nodiscard]] virtual std::uint64_t version() const { return 0; }
};

// A catalog of built-in types only, for tests and for streams without user types.
class BuiltInTypes : public TypeCatalog {
 public:
  [[nodiscard]] SourceType find(Oid oid) override { return built_in_type(oid); }
};

// Returns the OID of the built-in type that a layout stands for; 0: there is none (list, structure, map).
[[nodiscard]] Oid type_of_layout(Layout layout);

// The column type for a source type. A domain's typmod takes precedence over the column's.
[[nodiscard]] PhysicalType physical_type(const SourceType& type, std::int32_t typmod, const ValueLimits& limits);

// walbrook parses the type's binary form (the output of its send function) exactly, and that of every type inside it;
// see postgres/values/values.h. Enums count: their binary form is the label. (All these types have send functions: the
// server could not even decode an array or a composite of one without.)
[[nodiscard]] bool has_binary_parser(const SourceType& type);
// The same for a column of the physical type that follows from the source type. A column that keeps the text form of a
// type with another layout is parsed from text alone.
[[nodiscard]] bool has_binary_parser(const SourceType& type, const PhysicalType& column);

}  // namespace walbrook
