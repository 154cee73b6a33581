// Temporary folders of a test process, below one root, /tmp/walbrook-test-XXXXXX. A watchdog process removes the root
// when the test process ends, however it ends, and first stops servers that still run below it.
//
// Folders of servers that sync nothing are below another root, in memory, if there is enough room. A database is three
// hundred files, and ext4 does not reuse an inode for a minute after its file was deleted: while databases are created
// and dropped, it goes through thousands of such inodes for each file that it creates, which took a twelfth of the
// processors' time.
#pragma once

#include <filesystem>
#include <string>

namespace walbrook::test {

// Returns the root of this process. The first call creates it and starts its watchdog.
[[nodiscard]] const std::filesystem::path& temp_root();

enum class Place { disk, memory };

// A new folder below the root. The destructor removes it with everything in it.
class TempFolder {
 public:
  explicit TempFolder(const std::string& name, Place place = Place::disk);
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  ~TempFolder();

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

[[nodiscard]] std::string read_file(const std::filesystem::path& path);
void write_file(const std::filesystem::path& path, const std::string& text);

}  // namespace walbrook::test
