// What slot and publication are called where nobody names them.
#pragma once

#include <string>
#include <string_view>

namespace walbrook::postgres {

// Slots are named across the whole cluster, so the name tells whose database it is: `walbrook_<database>`, in lower
// case, with `_` for every byte that a slot's name cannot have. Where that changes the database's name, or it is too
// long, `_` and six hexadecimal digits of a hash of the exact name follow, so that "Shop" and "shop" differ. At most
// 63 bytes. The same for ever: existing slots are found by it.
[[nodiscard]] std::string default_name(std::string_view database);

}  // namespace walbrook::postgres
