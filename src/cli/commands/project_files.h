// The files of share/project/, which `walbrook init` writes into a project folder. A file that is put there is written
// too; dot-NAME becomes .NAME.
#pragma once

#include <span>
#include <string_view>

namespace walbrook::cli {

struct ProjectFile {
  std::string_view path;  // in the project folder
  std::string_view text;
};
[[nodiscard]] std::span<const ProjectFile> project_files();

}  // namespace walbrook::cli
