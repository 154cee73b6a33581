#include "destination/place.h"

#include "base/user_paths.h"

namespace walbrook::destination {

std::string default_spool_folder(const std::string& url) {
  auto folder = place_of(url).folder;
  return folder.empty() ? users_state_folder() : folder;
}

}  // namespace walbrook::destination
