// Finds out who else may read or change the files that hold secrets and commands.
#pragma once

#include <string>
#include <vector>

namespace walbrook::config {

// What a file must be protected from. secrets: being read or changed by others. password: the same, except that
// orchestrators pass such files to a container readable by all (Docker, /run/secrets: owned by root, mode 444), so that
// only a file that this user owns must not be readable by others. commands: being changed, because a configuration may
// name a password_command or another server.
enum class Holds { secrets, password, commands };

// Returns one sentence for each way in which users other than this one and root have access to `file`: by its mode, its
// owner, or its folder. Links are followed. Returns none if there is no such way, no such file, or `file` is not a
// regular file. `label` is how messages name the file.
[[nodiscard]] std::vector<std::string> access_warnings(const std::string& file, const std::string& label, Holds holds);

}  // namespace walbrook::config
