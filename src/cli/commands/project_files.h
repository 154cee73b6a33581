// The files of share/project/, which `walbrook init` writes into a project folder. Every file in share/project/ is
// written; dot-NAME becomes .NAME.
#pragma once

#include <span>
#include <string_view>

namespace walbrook::cli {

// A file as share/project/ has it, for the destination "duckdb".
struct ProjectFile {
  std::string_view path;  // relative to the project folder
  std::string_view text;
};
[[nodiscard]] std::span<const ProjectFile> project_files();

}  // namespace walbrook::cli
