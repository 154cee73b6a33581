// Variables of the process's environment.
#pragma once

#include <span>
#include <string>

namespace walbrook {

// Returns the value of the first of the variables that is set and not empty; "": none is.
[[nodiscard]] std::string first_variable(std::span<const char* const> names);

}  // namespace walbrook
