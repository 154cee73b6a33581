// The source's enums, domains and composites as types of the destination's database, if the setting create_types says
// so.
//
// A type has the name and the schema that it has in the source. A type of that name that is there is used if it equals
// the source's: an enum gets the labels that it lacks. A composite that walbrook made and that no table needs any more
// is made again. Values of a type that does not equal the source's are text, so that none is lost.
#pragma once

#include <map>
#include <span>
#include <string>

#include "destination/postgres/session.h"
#include "model/type_definition.h"

namespace walbrook::destination::postgresql {

// Why columns cannot have a type, by the type's full name.
using UnfitTypes = std::map<std::string, std::string>;

// Makes the types that are missing, and completes those that are there. Returns those that columns cannot have, because
// they differ or could not be made. REQUIRES: no transaction is open in `session`; no other thread makes types.
[[nodiscard]] UnfitTypes make_user_types(Session& session, std::span<const TypeDefinition> types);

}  // namespace walbrook::destination::postgresql
