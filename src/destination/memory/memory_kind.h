// The memory destination's entry in the registry. Users do not know it: its URL, memory:NAME, is for tests.
#pragma once

#include <string_view>

#include "destination/registry.h"

namespace walbrook::destination::memory {

extern const Kind kind_entry;

[[nodiscard]] bool is_memory_url(std::string_view url);

}  // namespace walbrook::destination::memory
