#include "destination/local_path.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "base/error.h"
#include "destination/place.h"

namespace walbrook::destination {
namespace {

namespace fs = std::filesystem;

template <class Work>
std::string cause_of(const Work& work) {
  try {
    work();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::destination);
    return error.cause();
  }
  return "";
}

TEST(LocalPath, every_kind_in_local_files_says_the_same_of_a_missing_folder) {
  std::string pattern = (fs::temp_directory_path() / "walbrook-test-XXXXXX").string();
  ASSERT_NE(mkdtemp(pattern.data()), nullptr);
  const fs::path folder = pattern;
  const auto missing = (folder / "missing").string();
  for (const auto& kind : {"duckdb:///", "file://", "ducklake:"}) {
    const auto url = std::string(kind) + missing + "/shop";
    EXPECT_FALSE(is_there(url)) << url;
    EXPECT_EQ(cause_of([&] { check_creatable(url); }), "the folder " + missing + " does not exist") << url;
  }
  EXPECT_EQ(cause_of([&] { check_folder(folder); }), "");
  EXPECT_EQ(cause_of([&] { check_writable_path(folder); }), "");
  // A name that is too long is not known to be missing.
  const auto unknown = folder / std::string(300, 'x');
  EXPECT_TRUE(cause_of([&] {
                static_cast<void>(is_there_locally(unknown));
              }).starts_with("it cannot be determined whether " + unknown.string() + " exists: "));
  if (geteuid() != 0) {  // root may write every folder
    fs::permissions(folder, fs::perms::owner_read | fs::perms::owner_exec);
    EXPECT_EQ(cause_of([&] { check_folder(folder); }), "the folder " + pattern + " may not be written by this user");
    fs::permissions(folder, fs::perms::owner_all);
  }
  fs::remove_all(folder);
}

}  // namespace
}  // namespace walbrook::destination
