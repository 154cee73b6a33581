#include "cli/commands/project_text.h"

#include <fmt/format.h>

namespace walbrook::cli {
namespace {

// Replaces the first `old_text` and returns whether there was one.
bool replace(std::string& text, const std::string& old_text, const std::string& new_text) {
  const auto at = text.find(old_text);
  if (at == std::string::npos) return false;
  text.replace(at, old_text.size(), new_text);
  return true;
}

std::string setting_of(const DestinationWords& destination) {
  return fmt::format("destination = \"{}\"   # {}\n", destination.kind, destination.place);
}

}  // namespace

std::string text_for(const ProjectFile& file, const DestinationWords& destination) {
  const auto& written = *find_destination_kind(duckdb_destination);
  std::string text(file.text);
  if (!replace(text, setting_of(written), setting_of(destination))) {
    replace(text, fmt::format(".destination = \"{}\"", written.kind),
            fmt::format(".destination = \"{}\"", destination.kind));
  }
  if (file.path == ".walbrook/secrets.toml") text += destination.secrets;
  return text;
}

}  // namespace walbrook::cli
