// Paths as people write them: ~/x, and relative to a folder that may be gone. Any thread; nothing is kept.
#pragma once

#include <string>
#include <string_view>

namespace walbrook {

// "~" and "~/x" with the home folder in place of "~", as a shell has it for an unquoted word: $HOME, else the one in
// the user database. Every other path as it is; `./~` names a file called ~. Throws Error(configuration) where there is
// no home folder (a container's uid without a passwd entry), and for "~somebody/x".
[[nodiscard]] std::string expand_home(std::string_view path);

// Throws Error(configuration) where the current folder was deleted: a relative path leads nowhere then. The message
// begins with `what`: "the destination \"x.duckdb\" is relative to".
void require_current_folder(std::string_view what);

}  // namespace walbrook
