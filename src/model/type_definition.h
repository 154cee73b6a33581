// What a user's type consists of: enough to create it at a destination that has PostgreSQL's types.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace walbrook {

struct TypeDefinition {
  enum class Kind : std::uint8_t {
    enumeration,
    domain,
    composite,
    row,  // of a table: it comes and goes with the table
  };
  struct Attribute {
    std::string name;
    std::string type;  // as SQL names it, without a modifier: "numeric", "app.mood[]"
    friend bool operator==(const Attribute&, const Attribute&) = default;
  };

  Kind kind = Kind::enumeration;
  std::string schema;
  std::string name;
  std::string full_name;              // as SQL names it: "app.mood", as SourceType::name
  std::vector<std::string> labels;    // of an enumeration, in their order
  std::string base;                   // of a domain: the type under it, as SQL names it, without a modifier
  std::vector<Attribute> attributes;  // of a composite
  friend bool operator==(const TypeDefinition&, const TypeDefinition&) = default;
};

}  // namespace walbrook
