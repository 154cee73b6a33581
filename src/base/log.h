// Logging goes to stderr, results to stdout. Text for people, one JSON object a line for machines.
//
// Code logs through spdlog's default logger (spdlog::info …); this sets it up once, from main.
#pragma once

#include <string_view>

namespace walbrook {

enum class LogFormat { text, json };

// `level`: trace, debug, info, warning, error, off.
void set_up_logging(LogFormat format, std::string_view level);

}  // namespace walbrook
