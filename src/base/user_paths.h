// Paths as people write them: ~/x, and paths relative to a folder that may be gone. Any thread may call these
// functions.
#pragma once

#include <string>
#include <string_view>

namespace walbrook {

// Replaces the "~" of "~" and "~/x" with the home folder, as a shell does for an unquoted word: $HOME, or the folder in
// the user database. Every other path is returned unchanged; `./~` names a file called ~. Throws Error(configuration)
// if there is no home folder (a container's uid without a passwd entry), and for "~somebody/x".
[[nodiscard]] std::string expand_home(std::string_view path);

// Throws Error(configuration) if the current folder was deleted, so that a relative path leads nowhere. The message
// begins with `what`: "the destination \"x.duckdb\" is relative to".
void require_current_folder(std::string_view what);

// Returns the folder for files that walbrook keeps for this user besides those that the user names:
// $XDG_STATE_HOME/walbrook (~/.local/state/walbrook), which is created with mode 700, or the folder for temporary files
// if there is no home folder that can be written to.
[[nodiscard]] std::string users_state_folder();

}  // namespace walbrook
