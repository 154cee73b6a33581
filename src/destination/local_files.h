// What a destination keeps in files of this machine, for commands that look at it without opening it.
#pragma once

#include <string>
#include <vector>

namespace walbrook::destination {

// Its files, those that come and go included: nothing that this process prints may go into them.
[[nodiscard]] std::vector<std::string> local_files(const std::string& url);

// There is a destination. Throws Error(destination) where that cannot be told, which is not the same.
[[nodiscard]] bool is_there(const std::string& url);

// Throws Error(destination) where a new one could not be created: its folder is missing or may not be written, or
// commits of one that is gone are left. REQUIRES: !is_there(url).
void check_creatable(const std::string& url);

// What is left of a destination whose data is gone would be refused by the next one under its name: it is renamed.
void move_leftovers_aside(const std::string& url);

}  // namespace walbrook::destination
