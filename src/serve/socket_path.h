// The folder and the file of a local socket: who may own them, and whether a process answers there.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/descriptor.h"

namespace walbrook::serve {

// Returns the path of the socket of the pipeline that writes this destination. It is in a folder of mode 700 under
// XDG_RUNTIME_DIR, /run/user/UID or the temporary folder, and named after user and destination (Place::identity), so
// that `status` and `sql` find it from the same flags. Where each pipeline may have a run (Place::has_many_runs), it is
// named after the pipeline, too. A run started by cron may use another of these folders than the shell that asks: a
// folder where a process answers takes precedence, otherwise the first usable one is taken.
[[nodiscard]] std::string socket_path(const std::string& destination_url, const std::string& pipeline);
// Returns the paths of the sockets at which runs of any pipeline answer that write this destination.
[[nodiscard]] std::vector<std::string> sockets_of_all(const std::string& destination_url);
// Returns the folder that would precede the one of `socket` if it did not belong to another user; "": there is none.
[[nodiscard]] std::string taken_socket_folder(const std::string& socket);

// Creates the folder with mode 700. Throws Error(destination) if it is not a folder, belongs to another user, or may be
// entered by others.
void prepare_socket_folder(const std::filesystem::path& folder);
// Removes sockets that killed processes left in the folder. Keeps a socket that was just created, because its owner may
// be about to listen, and one whose owner cannot be determined to be dead.
void remove_dead_sockets(const std::filesystem::path& folder);

// A connection to the local socket at a path, or the reason why there is none.
struct Dialled {
  enum class State {
    connected,
    nobody,   // there is no socket, or its process has ended: ENOENT, ECONNREFUSED
    busy,     // a process is there, but takes no more connections at the moment: EAGAIN
    unknown,  // it cannot be determined: no descriptor is free, the folder may not be entered, …
  };
  State state = State::unknown;
  Descriptor descriptor{};  // non-blocking; of a connection
  int error = 0;            // an errno
};
[[nodiscard]] Dialled dial(const std::string& path);

// Returns the state that dial() finds, and closes the connection.
[[nodiscard]] Dialled::State probe(const std::string& path);

// Returns a socket that listens at `path`. Replaces the socket of a dead process. Throws Error(destination) if another
// process answers there, or if that cannot be determined.
[[nodiscard]] Descriptor listen_at(const std::string& path);

}  // namespace walbrook::serve
