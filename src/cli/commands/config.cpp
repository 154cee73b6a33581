#include "cli/commands/config.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/pipeline/pipeline_json.h"
#include "cli/terminal.h"

namespace walbrook::cli {
namespace {

struct ConfigLine {
  std::string key, value, from;
  bool said = false;
};

std::string table_text(const config::TableSetting& table) {
  return table.columns.empty() ? table.name : fmt::format("{}({})", table.name, fmt::join(table.columns, ","));
}

std::vector<ConfigLine> config_lines(const config::Configuration& settings) {
  std::vector<ConfigLine> lines;
  for (const auto& [key, value] : settings.effective()) {
    lines.push_back({.key = key->full_name(),
                     .value = value.text,
                     .from = value.origin.source(),
                     .said = value.origin.place != config::Origin::Place::built_in});
    const auto pattern = lines.back().key.find("NAME");
    if (pattern == std::string::npos) continue;
    lines.back().key.replace(pattern, 4, settings.pipeline().empty() ? "NAME" : settings.pipeline());
  }
  for (const auto& table : settings.tables()) {
    if (!table.origin.written.starts_with("pipelines.") || !table.origin.written.ends_with(".name")) continue;
    lines.push_back({.key = fmt::format("pipelines.{}.tables", settings.pipeline()),
                     .value = table_text(table),
                     .from = table.origin.source(),
                     .said = true});
    for (const auto& [column, overrides] : table.overrides) {
      for (const auto& [name, value] : overrides) {
        lines.push_back(
            {.key = value.origin.written, .value = value.text, .from = value.origin.source(), .said = true});
      }
    }
  }
  return lines;
}

std::string config_text(const config::Configuration& settings, bool colour) {
  std::string text =
      settings.folder().empty() ? std::string("no configuration files") : fmt::format("{}", settings.folder());
  if (!settings.pipeline().empty()) text += fmt::format(", pipeline {}", settings.pipeline());
  text += "\n\n";
  const auto lines = config_lines(settings);
  std::size_t key_width = 0, value_width = 0;
  for (const auto& line : lines) {
    key_width = std::max(key_width, display_width(printable(line.key)));
    value_width = std::max(value_width, std::min<std::size_t>(display_width(printable(line.value)), 48));
  }
  for (const auto& line : lines) {
    const auto row = fmt::format("{}  {}  {}", padded_right(printable(line.key), key_width),
                                 padded_right(printable(line.value), value_width), printable(line.from));
    text += coloured(row, Colour::dim, colour && !line.said) + "\n";
  }
  return text;
}

std::string config_json(const config::Configuration& settings) {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const auto& line : config_lines(settings)) {
    rows.push_back({{"key", line.key}, {"value", line.value}, {"from", line.from}});
  }
  return as_document({{"folder", or_null(settings.folder())},
                      {"pipeline", or_null(settings.pipeline())},
                      {"pipelines", settings.pipelines()},
                      {"settings", rows}});
}

}  // namespace

int config_command(const CommandLine& line) {
  write_result(line.json ? config_json(line.settings) : config_text(line.settings, wants_colour(STDOUT_FILENO)));
  return 0;
}

}  // namespace walbrook::cli
