// The folder and the file of a local socket: who may stand there, and whether somebody answers.
#pragma once

#include <filesystem>
#include <string>

namespace walbrook::serve {

// Creates the folder with mode 700. Error(destination) when it is no folder, belongs to somebody else or others may
// enter.
void prepare_socket_folder(const std::filesystem::path& folder);
// Removes what killed processes left in it. A socket that was just made is spared: its owner may be about to listen.
void remove_dead_sockets(const std::filesystem::path& folder);
// A process accepts connections at this path.
[[nodiscard]] bool answers(const std::string& path);

}  // namespace walbrook::serve
