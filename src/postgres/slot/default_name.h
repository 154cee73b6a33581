// The default name of slot and publication.
#pragma once

#include <string>
#include <string_view>

namespace walbrook::postgres {

// Slots are named across the whole cluster, so the name contains the database: `walbrook_<database>`, in lower case,
// with `_` for every byte that a slot's name cannot contain. If that changes the database's name, or if the result is
// too long, `_` and six hexadecimal digits of a hash of the exact name follow, so that "Shop" and "shop" differ. The
// name has at most 63 bytes. The rule must never change, because existing slots are found by it.
[[nodiscard]] std::string default_name(std::string_view database);

}  // namespace walbrook::postgres
