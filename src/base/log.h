// Logging goes to stderr, results to stdout. The format is text for people, or one JSON object per line for programs.
//
// Code logs through spdlog's default logger (spdlog::info …), which this header sets up.
#pragma once

#include <string_view>

namespace walbrook {

enum class LogFormat { text, json };

// Sets the default logger up. main calls it again once the configuration is read. `level` is trace, debug, info,
// warning, error or off.
void set_up_logging(LogFormat format, std::string_view level);

}  // namespace walbrook
