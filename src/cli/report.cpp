#include "cli/report.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <string>

#include "base/text.h"
#include "cli/pipeline/pipeline_json.h"
#include "cli/terminal.h"

namespace walbrook::cli {

int report(const Error& error, bool json, LogFormat format) {
  if (format == LogFormat::json) {
    spdlog::error("{}", error.what());
  } else {
    const auto label = coloured("error:", Colour::red, wants_colour(STDERR_FILENO));
    const auto hint = error.hint().empty() ? "" : "\n  " + printable_block(error.hint());
    write_message(fmt::format("{} {}{}\n", label, printable(error.cause()), hint));
  }
  if (json) {
    nlohmann::ordered_json fields = {{"kind", to_string(error.kind())},
                                     {"cause", error.cause()},
                                     {"hint", error.hint()},
                                     {"exit_code", exit_code(error.kind())}};
    for (const auto& [name, field] : fact_fields) {
      if (!(error.facts().*field).empty()) fields[name] = error.facts().*field;
    }
    const nlohmann::ordered_json document = {{"event", "error"}, {"error", fields}};
    try {
      write_result(as_line(document) + "\n");
    } catch (const Error&) {
      // stdout itself failed; stderr has the error.
    }
  }
  return exit_code(error.kind());
}

}  // namespace walbrook::cli
