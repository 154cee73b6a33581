// Who else may read or change the files that hold secrets and commands.
#pragma once

#include <string>
#include <vector>

namespace walbrook::config {

// What a file is to be kept from. secrets: from being read and changed. password: the same, but orchestrators hand such
// files to a container readable by all (Docker, /run/secrets: root's, mode 444), so only one of this user's own is to
// be read by nobody else. commands: from being changed; a configuration may name a password_command or another server.
enum class Holds { secrets, password, commands };

// One sentence for each way in which others than this user and root have access to `file`: its mode, its owner, its
// folder. Links are followed. Empty where all is well, where there is no such file and for what is no regular file.
// `label` is how messages name the file.
[[nodiscard]] std::vector<std::string> access_warnings(const std::string& file, const std::string& label, Holds holds);

}  // namespace walbrook::config
