#include "config/value.h"

#include <fmt/format.h>

#include "base/text.h"

namespace walbrook::config {

std::string Origin::source() const {
  switch (place) {
    case Place::built_in:
      return "default";
    case Place::file:
      return fmt::format("{}:{}", name, line);
    case Place::environment:
    case Place::flag:
      return name;
  }
  return name;
}

std::string Origin::label() const {
  return place == Place::file ? fmt::format("{}: {}", source(), printable(written)) : source();
}

}  // namespace walbrook::config
