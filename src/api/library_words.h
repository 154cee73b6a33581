// What the engine says in the command's words ("--slot", "walbrook run --reset"), in those of the library's options.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace walbrook::api {

[[nodiscard]] std::string in_library_words(std::string_view text);
[[nodiscard]] Error in_library_words(const Error& error);

}  // namespace walbrook::api
