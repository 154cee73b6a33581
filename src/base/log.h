// Logging goes to stderr, results to stdout. Text for people, one JSON object a line for machines.
//
// Code logs through spdlog's default logger (spdlog::info …); this sets it up, from main.
#pragma once

#include <string_view>

namespace walbrook {

enum class LogFormat { text, json };

// Again, once the configuration is read. `level`: trace, debug, info, warning, error, off.
void set_up_logging(LogFormat format, std::string_view level);

}  // namespace walbrook
