#include "cli/commands/findings_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/pipeline/pipeline_json.h"
#include "cli/terminal.h"

namespace walbrook::cli {
namespace {

using postgres::Finding;
using postgres::Severity;

std::string mark(Severity severity, bool colour) {
  switch (severity) {
    case Severity::ok:
      return coloured("✓", Colour::green, colour);
    case Severity::note:
      return coloured("·", Colour::dim, colour);
    case Severity::warning:
      return coloured("!", Colour::yellow, colour);
    case Severity::error:
      break;
  }
  return coloured("✗", Colour::red, colour);
}

// A remedy may consist of several statements, one per line.
std::string indented(std::string_view text, std::size_t columns) {
  std::string shown;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    shown += std::string(columns, ' ') + std::string(text.substr(0, end)) + '\n';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return shown;
}

}  // namespace

std::string findings_text(const std::vector<Finding>& findings, bool colour) {
  constexpr std::size_t widest_topic = 32;
  std::size_t topic_columns = 0;
  for (const auto& finding : findings) {
    topic_columns = std::max(topic_columns, std::min(display_width(printable(finding.topic)), widest_topic));
  }
  std::string text;
  std::size_t errors = 0;
  std::size_t warnings = 0;
  for (const auto& finding : findings) {
    errors += finding.severity == Severity::error ? 1 : 0;
    warnings += finding.severity == Severity::warning ? 1 : 0;
    text += fmt::format("{} {}  {}\n", mark(finding.severity, colour),
                        padded_right(printable(finding.topic), topic_columns), printable(finding.what));
    text += indented(printable_block(to_text(finding.remedy, Wording::command)), topic_columns + 4);
  }
  if (errors == 0 && warnings == 0) return text + "ready: nothing prevents a run\n";
  return text + fmt::format("{}, {}\n", errors == 0 ? "ready" : counted(errors, "error"), counted(warnings, "warning"));
}

std::string findings_json(const std::vector<Finding>& findings) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const auto& finding : findings) {
    nlohmann::ordered_json item = {{"severity", to_string(finding.severity)},
                                   {"topic", finding.topic},
                                   {"what", finding.what},
                                   {"hint", to_text(finding.remedy, Wording::command)}};
    if (finding.severity == Severity::error) item["exit_code"] = exit_code(finding.kind);
    list.push_back(std::move(item));
  }
  return as_document(list);
}

}  // namespace walbrook::cli
