// PostgreSQL's types as the stream names them: by OID and typmod.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/physical_type.h"

namespace walbrook {

using Oid = std::uint32_t;

// OIDs of pg_type.dat, which never change.
// https://github.com/postgres/postgres/blob/master/src/include/catalog/pg_type.dat
namespace type_oid {
inline constexpr Oid boolean = 16, bytea = 17, char1 = 18, name = 19, int8 = 20, int2 = 21, int4 = 23, text = 25,
                     oid = 26, json = 114, float4 = 700, float8 = 701, bpchar = 1042, varchar = 1043, date = 1082,
                     time = 1083, timestamp = 1114, timestamptz = 1184, interval = 1186, timetz = 1266, numeric = 1700,
                     uuid = 2950, jsonb = 3802, xid8 = 5069, xml = 142, bit = 1560, varbit = 1562;
}  // namespace type_oid

// User-defined types have OIDs from here on (FirstNormalObjectId); those of pg_type.dat lie below the second bound, and
// what initdb makes in between.
inline constexpr Oid first_user_oid = 16384;
inline constexpr Oid first_generated_oid = 10000;

struct SourceField;

// A type with domains looked through, and what it consists of.
struct SourceType {
  // What is not scalar is taken apart.
  enum class Kind : std::uint8_t { scalar, list, composite, hstore };

  Oid oid = 0;                      // as the column has it
  Oid base_oid = 0;                 // of the type under all domains; = oid otherwise
  std::int32_t base_typmod = -1;    // the domain's own typmod, if it sets one; columns of a domain carry -1
  bool is_enum = false;             // of the base type
  Kind kind = Kind::scalar;         // of the base type
  char delimiter = ',';             // between its values where they stand in an array
  std::string name{};               // "public.mood", for people
  std::vector<SourceField> fields;  // list: its element, without a name; composite: its attributes, at least one
};

struct SourceField {
  std::string name;
  SourceType type;
  std::int32_t typmod = -1;  // of a composite's attribute
};

// A type of pg_type.dat: a scalar, or an array of one.
[[nodiscard]] SourceType built_in_type(Oid oid);

// Looks types up. `find` may ask the server; it is called when a Relation message or a catalog row names a type. A type
// that is gone is answered as { oid, oid }: its values stay text as PostgreSQL prints them. So is one that is nested
// beyond max_type_depth or max_type_parts.
class TypeCatalog {
 public:
  TypeCatalog() = default;
  TypeCatalog(const TypeCatalog&) = delete;
  TypeCatalog& operator=(const TypeCatalog&) = delete;
  virtual ~TypeCatalog() = default;
  [[nodiscard]] virtual SourceType find(Oid oid) = 0;
  // Changes when what `find` has answered may not hold any more: a composite type can be altered, and no message of the
  // stream tells of it.
  [[nodiscard]] virtual std::uint64_t version() const { return 0; }
};

// A catalog of built-in types alone, for tests and for streams without user types.
class BuiltInTypes : public TypeCatalog {
 public:
  [[nodiscard]] SourceType find(Oid oid) override { return built_in_type(oid); }
};

// The column type for a source type. A domain's own typmod goes before the column's.
[[nodiscard]] PhysicalType physical_type(const SourceType& type, std::int32_t typmod, const ValueLimits& limits);

// True when this project parses the type's binary form (its send function's output) exactly, and that of every type
// inside it; see postgres/values/values.h. Enums count: their binary form is the label. (All these types have send
// functions: an array or a composite of one without could not even be decoded in binary by the server.)
[[nodiscard]] bool has_binary_parser(const SourceType& type);

}  // namespace walbrook
