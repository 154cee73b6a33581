#include "destination/state_tables.h"

#include <charconv>

namespace walbrook::destination {

std::vector<std::uint32_t> parse_xids(std::string_view list) {
  std::vector<std::uint32_t> xids;
  const char* at = list.data();
  const char* const end = at + list.size();
  while (at != end) {
    std::uint32_t xid = 0;
    const auto parsed = std::from_chars(at, end, xid);
    if (parsed.ec == std::errc{}) xids.push_back(xid);
    at = parsed.ptr == at ? at + 1 : parsed.ptr;
  }
  return xids;
}

}  // namespace walbrook::destination
