// The place of a destination, for commands that examine it without opening it.
#pragma once

#include <string>
#include <vector>

#include "destination/registry.h"

namespace walbrook::destination {

// Returns where the destination is. Throws Error(configuration) for a URL that cannot be used.
[[nodiscard]] inline Place place_of(const std::string& url) {
  return kind_of(url).place(url);
}

// Returns the destination's files on this machine. Nothing that this process prints may go into them.
[[nodiscard]] inline std::vector<std::string> local_files(const std::string& url) {
  return place_of(url).files;
}

// Returns whether the destination exists. Throws Error(destination) if that cannot be found out, which is not the same
// as no.
[[nodiscard]] inline bool is_there(const std::string& url) {
  return kind_of(url).is_there(url);
}

// Throws Error(destination) if the destination could not be created. REQUIRES: !is_there(url).
inline void check_creatable(const std::string& url) {
  kind_of(url).check_creatable(url);
}

// Throws Error(destination) if this user may read the destination, but not write it. REQUIRES: is_there(url).
inline void check_writable(const std::string& url) {
  kind_of(url).check_writable(url);
}

// Renames what is left of a destination whose data is gone: a new destination of that name would be refused because of
// it.
inline void move_leftovers_aside(const std::string& url) {
  kind_of(url).move_leftovers_aside(url);
}

// Returns the folder in which changes wait that cannot be applied yet, if the user names none: the destination's own,
// or walbrook's folder for the user's state, which is created with mode 700. Throws Error(configuration) if there is
// neither.
[[nodiscard]] std::string default_spool_folder(const std::string& url);

}  // namespace walbrook::destination
