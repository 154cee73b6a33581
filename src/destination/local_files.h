// The files that a destination keeps on this machine, for commands that examine it without opening it.
#pragma once

#include <string>
#include <vector>

namespace walbrook::destination {

// Returns the destination's files, including those that exist only at times. Nothing that this process prints may go
// into them.
[[nodiscard]] std::vector<std::string> local_files(const std::string& url);

// Returns whether the destination exists. Throws Error(destination) if that cannot be found out, which is not the same
// as no.
[[nodiscard]] bool is_there(const std::string& url);

// Throws Error(destination) if the destination could not be created: its folder is missing or not writable, or a log
// with commits is left from a file that is gone. REQUIRES: !is_there(url).
void check_creatable(const std::string& url);

// Renames the files that are left of a destination whose data is gone: a new destination of that name would be refused
// because of them.
void move_leftovers_aside(const std::string& url);

}  // namespace walbrook::destination
