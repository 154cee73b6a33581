// The folder and the file of a local socket: who may stand there, and whether somebody answers.
#pragma once

#include <filesystem>
#include <string>

#include "base/descriptor.h"

namespace walbrook::serve {

// Where the socket of the pipeline that writes this destination stands: a folder of mode 700 under XDG_RUNTIME_DIR,
// /run/user/UID or the temporary folder, named after user and destination (canonical path), so that `status` and `sql`
// find it from the same flags. A run that was started by cron may have taken another of these folders than the shell
// that asks: the one where somebody answers wins, otherwise the first that can be used.
[[nodiscard]] std::string socket_path(const std::string& destination_url);
// The folder that would have gone before the one of `socket` if it did not belong to another user; "": there is none.
[[nodiscard]] std::string taken_socket_folder(const std::string& socket);

// Creates the folder with mode 700. Error(destination) when it is no folder, belongs to somebody else or others may
// enter.
void prepare_socket_folder(const std::filesystem::path& folder);
// Removes what killed processes left in it. A socket that was just made is spared: its owner may be about to listen. So
// is one of which it cannot be told whether its owner lives.
void remove_dead_sockets(const std::filesystem::path& folder);

// A connection to the local socket at a path, or why there is none.
struct Dialled {
  enum class State {
    connected,
    nobody,   // there is no socket, or its process is gone: ENOENT, ECONNREFUSED
    busy,     // a process is there, and takes no further connection at the moment: EAGAIN
    unknown,  // it cannot be told: no descriptor is free, the folder may not be entered, …
  };
  State state = State::unknown;
  Descriptor descriptor{};  // of a connection, non-blocking
  int error = 0;            // errno
};
[[nodiscard]] Dialled dial(const std::string& path);

// What dial() tells; the connection is closed again.
[[nodiscard]] Dialled::State probe(const std::string& path);

// The listening socket at `path`, which replaces one of a dead process. Error(destination): another process answers
// there, or that cannot be told.
[[nodiscard]] Descriptor listen_at(const std::string& path);

}  // namespace walbrook::serve
