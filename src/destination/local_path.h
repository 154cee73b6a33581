// Checks of the folders and files on this machine that destinations are in. Each throws Error(destination) with what
// the user can do.
#pragma once

#include <filesystem>

namespace walbrook::destination {

// Returns whether the path exists. Throws if that cannot be determined, which is not the same as no.
[[nodiscard]] bool is_there_locally(const std::filesystem::path& path);

// Throws if the folder does not exist, or if this user may not create files in it.
void check_folder(const std::filesystem::path& folder);

// Throws if this user may not write the file or the folder. REQUIRES: it exists.
void check_writable_path(const std::filesystem::path& path);

}  // namespace walbrook::destination
