// The arguments of this process, and how the process list shows them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace walbrook::cli {

// Returns the arguments after the command's name. The originals are overwritten with masked copies, so that
// /proc/PID/cmdline and `ps` show *** in place of a password. This happens before the constructors of DuckDB and the
// other libraries run (about 50 ms on a busy machine); a password is visible only while the kernel and the loader start
// the process.
[[nodiscard]] std::vector<std::string> take_arguments(int argc, char** argv);

// True for a flag that walbrook does not have but that people type: the word after it is a password.
[[nodiscard]] bool names_password(std::string_view argument);

}  // namespace walbrook::cli
