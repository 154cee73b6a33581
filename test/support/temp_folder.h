// Folders of a test process. All of them stand below one root, /tmp/walbrook-test-XXXXXX, which a watchdog of its own
// process removes when the test process ends, however it ends: servers that still run below it are stopped first.
//
// Folders of a server that syncs nothing stand below another root, in memory, where that has room. A database is three
// hundred files, and ext4 gives no inode away for a minute after its file was deleted: while databases come and go, it
// goes through thousands of such inodes for each file that it makes, which took a twelfth of the processors' time.
#pragma once

#include <filesystem>
#include <string>

namespace walbrook::test {

// The root of this process; made, with its watchdog, at the first call.
[[nodiscard]] const std::filesystem::path& temp_root();

enum class Place { disk, memory };

// A folder of its own below the root; removed with everything in it by the destructor.
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
