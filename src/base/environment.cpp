#include "base/environment.h"

#include <cstdlib>

namespace walbrook {

std::string first_variable(std::span<const char* const> names) {
  for (const auto* name : names) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return {};
}

}  // namespace walbrook
