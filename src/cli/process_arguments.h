// The arguments of this process, and what the process list shows of them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace walbrook::cli {

// The arguments behind the command's name. The originals are overwritten with masked ones, so that /proc/PID/cmdline
// and `ps` show *** where a password was. That happens before the constructors of DuckDB and the other libraries run
// (about 50 ms on a busy machine); what is left is the time in which the kernel and the loader start the process.
[[nodiscard]] std::vector<std::string> take_arguments(int argc, char** argv);

// A flag that walbrook does not have and that people type all the same; the word behind it is a password.
[[nodiscard]] bool names_password(std::string_view argument);

}  // namespace walbrook::cli
