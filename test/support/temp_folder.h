// Folders of a test process. All of them stand below one root, /tmp/walbrook-test-XXXXXX, which a watchdog of its own
// process removes when the test process ends, however it ends: servers that still run below it are stopped first.
#pragma once

#include <filesystem>
#include <string>

namespace walbrook::test {

// The root of this process; made, with its watchdog, at the first call.
[[nodiscard]] const std::filesystem::path& temp_root();

// A folder of its own below the root; removed with everything in it by the destructor.
class TempFolder {
 public:
  explicit TempFolder(const std::string& name);
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
