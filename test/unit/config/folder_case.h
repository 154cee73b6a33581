// A new current folder for each test, without any configuration around it.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "base/error.h"
#include "config/configuration.h"

extern char** environ;  // NOLINT: POSIX's own name

namespace walbrook::config {

class FolderCase : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = "/tmp/walbrook-test-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    before_ = std::filesystem::current_path();
    folder_ = name;
    std::filesystem::current_path(folder_);
    for (char** variable = environ; *variable != nullptr;) {
      const std::string entry = *variable;
      const std::string key = entry.substr(0, entry.find('='));
      if (key.find("__") == std::string::npos) {
        ++variable;
      } else {
        unsetenv(key.c_str());  // moves the entries after it
      }
    }
    setenv("XDG_CONFIG_HOME", (folder_ / "home").c_str(), 1);
  }
  void TearDown() override {
    for (const auto& name : set_) unsetenv(name.c_str());
    std::filesystem::current_path(before_);
    std::filesystem::remove_all(folder_);
  }

  void write(const std::string& name, const std::string& text, mode_t mode = 0600) const {
    const auto file = folder_ / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
    chmod(file.c_str(), mode);
  }
  void set(const std::string& name, const std::string& value) {
    setenv(name.c_str(), value.c_str(), 1);
    set_.push_back(name);
  }
  static std::string refusal() {
    return refused([] { static_cast<void>(Configuration::read()); });
  }
  template <class Work>
  static std::string refused(const Work& work) {
    try {
      work();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::configuration);
      return error.what();
    }
    return "nothing was refused";
  }

  std::filesystem::path folder_;

 private:
  std::filesystem::path before_;
  std::vector<std::string> set_;
};

}  // namespace walbrook::config
