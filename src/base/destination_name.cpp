#include "base/destination_name.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/mask_secrets.h"
#include "base/text.h"

namespace walbrook {

bool is_destination_kind(std::string_view text) {
  return !text.empty() && text.find_first_of("./:") == std::string_view::npos;
}

void check_destination_kind(std::string_view label, std::string_view text, std::string_view setting) {
  if (!is_destination_kind(text) || text == duckdb_destination) return;
  const auto shown = printable(mask_secrets(text));
  throw Error(ErrorKind::configuration, fmt::format("{} \"{}\" is not a known destination", label, shown),
              fmt::format("Known: {0}. A file is named by its path or with its suffix: ./{1}, {1}.duckdb or "
                          "duckdb:///{1}.duckdb.",
                          duckdb_destination, shown),
              {.setting = std::string(setting)});
}

}  // namespace walbrook
