#include "base/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "base/error.h"
#include "base/json_text.h"
#include "base/mask_secrets.h"
#include "base/text.h"

namespace walbrook {
namespace {

// The message as the contents of a JSON string (with %v, a quote would end it).
class JsonMessage : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& out) override {
    auto text = visible_json(json_string(mask_secrets({message.payload.data(), message.payload.size()})));
    out.append(text.data() + 1, text.data() + text.size() - 1);
  }
  [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<JsonMessage>();
  }
};

// The message as a terminal may show it: a name in it can neither move the cursor nor begin a line.
class TextMessage : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& out) override {
    const auto text = printable_lines(mask_secrets({message.payload.data(), message.payload.size()}));
    out.append(text.data(), text.data() + text.size());
  }
  [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<TextMessage>();
  }
};

}  // namespace

void set_up_logging(LogFormat format, std::string_view level) {
  const bool colour = format == LogFormat::text && isatty(STDERR_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr;
  spdlog::drop("walbrook");
  auto logger = colour ? spdlog::stderr_color_mt("walbrook") : spdlog::stderr_logger_mt("walbrook");
  auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
  if (format == LogFormat::json) {
    formatter->add_flag<JsonMessage>('*').set_pattern(
        R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","message":"%*"})");
  } else {
    formatter->add_flag<TextMessage>('*').set_pattern(colour ? "%^%l%$: %*" : "%l: %*");
  }
  logger->set_formatter(std::move(formatter));
  logger->set_level(spdlog::level::from_str(std::string(level)));
  logger->flush_on(spdlog::level::trace);
  spdlog::set_default_logger(std::move(logger));
}

}  // namespace walbrook
