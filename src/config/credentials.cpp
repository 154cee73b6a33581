#include "config/credentials.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "base/error.h"
#include "base/limited_read.h"
#include "base/mask_secrets.h"
#include "base/percent_encoding.h"
#include "base/user_paths.h"
#include "config/password_command.h"

namespace walbrook::config {
namespace {

constexpr std::size_t longest_password = 64U << 10U;
constexpr std::chrono::seconds file_wait{10};     // for the writer of a FIFO
constexpr std::chrono::seconds command_wait{60};  // somebody may have to type a passphrase

bool is_password(std::string_view name) {
  return name == "password" || name == "password_file" || name == "password_command";
}

// libpq itself expands nothing (15: `sslrootcert=~/ca.pem` is a file in a folder called ~).
bool is_path(std::string_view name) {
  constexpr std::array<std::string_view, 6> paths = {"passfile", "sslrootcert", "sslcert",
                                                     "sslkey",   "sslcrl",      "sslcrldir"};
  return std::ranges::find(paths, name) != paths.end();
}

// Returns libpq's name of a field for dlt's.
std::string_view libpq_name(std::string_view name) {
  if (name == "database") return "dbname";
  return name == "username" ? "user" : name;
}

std::string first_line_of(std::string text) {
  text.resize(std::min(text.find_first_of("\r\n"), text.size()));
  return text;
}

std::string password_from_file(const Value& value) {
  const auto read = read_limited(expand_home(value.text), {.bytes = longest_password, .time = file_wait});
  auto password = first_line_of(read.text);
  // A complete line is the password, whatever follows it.
  const bool is_whole = read.failure.empty() || read.text.size() > password.size();
  if (is_whole && !password.empty()) return password;
  throw Error(ErrorKind::configuration,
              fmt::format("{}: {} holds no password: {}", value.origin.label(), value.text,
                          !read.failure.empty() ? read.failure
                          : read.text.empty()   ? "it is empty"
                                                : "its first line is empty"),
              "Its first line must be the password.");
}

std::string password_from_command(const Value& value) {
  auto output = run_password_command(value.text, command_wait);
  auto password = first_line_of(std::move(output.text));
  if (output.failure.empty() && password.empty()) output.failure = "printed nothing";
  if (output.failure.empty()) return password;
  throw Error(ErrorKind::configuration, fmt::format("{} {}", value.origin.label(), output.failure),
              "/bin/sh runs it; the first line that it prints is the password.");
}

std::string quoted_for_libpq(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

}  // namespace

std::string without_driver(const std::string& url) {
  const auto scheme = url.find("://");
  const auto plus = url.find('+');
  const bool has_driver = scheme != std::string::npos && plus < scheme && url.starts_with("postgres");
  return has_driver ? url.substr(0, plus) + url.substr(scheme) : url;
}

Credentials::Credentials(const Configuration& settings, std::string section) : section_(std::move(section)) {
  const auto& whole_key = key(section_ + ".credentials");
  const auto fields = whole_key.full_name();
  for (const auto& [layer, of_pipeline] : settings.by_strength()) {
    // A whole string replaces everything weaker.
    if (const auto* whole = settings.find_in(*layer, whole_key, of_pipeline)) {
      base_ = whole->value;
      fields_.clear();
    }
    for (const auto& entry : *layer) {
      const bool here = of_pipeline ? settings.is_of_this_pipeline(entry) : entry.pipeline.empty();
      if (here && entry.key->section == fields) put(*entry.key, entry.value);
    }
  }
}

std::optional<Value> Credentials::connection() const {
  if (!base_ && fields_.empty()) return std::nullopt;
  refuse_placeholders();
  Value whole = base_ ? *base_ : fields_.front().second;
  if (!base_) {
    whole.text.clear();
    const auto dot = whole.origin.written.rfind('.');  // the table is meant, not its first field
    whole.origin.written = whole.origin.written.substr(0, std::min(dot, whole.origin.written.size()));
  }
  whole.text = without_driver(whole.text);
  const bool url = whole.text.find("://") != std::string::npos;
  for (const auto& [key, value] : fields_) {
    if (key->name == "drivername" || value.text.empty()) continue;
    const auto text = key->name == "password_file"      ? password_from_file(value)
                      : key->name == "password_command" ? password_from_command(value)
                      : is_path(key->name)              ? expand_home(value.text)
                                                        : value.text;
    const auto name = is_password(key->name) ? "password" : libpq_name(key->name);
    if (url) {
      whole.text +=
          fmt::format("{}{}={}", whole.text.find('?') == std::string::npos ? '?' : '&', name, percent_encoded(text));
    } else {
      whole.text += fmt::format("{}{}={}", whole.text.empty() ? "" : " ", name, quoted_for_libpq(text));
    }
  }
  return whole;
}

std::vector<Effective> Credentials::parts() const {
  std::vector<Effective> out;
  if (base_) {
    out.push_back({.key = &key(section_ + ".credentials"), .value = *base_});
    out.back().value.text = mask_secrets(base_->text);
  }
  for (const auto& [key, value] : fields_) {
    out.push_back({.key = key, .value = value});
    if (key->kind == Kind::secret && !value.placeholder) out.back().value.text = "***";
    if (key->kind != Kind::secret) out.back().value.text = mask_secrets(value.text);
  }
  return out;
}

void Credentials::put(const Key& key, const Value& value) {
  std::erase_if(fields_, [&](const Field& field) {
    return field.first == &key || (is_password(key.name) && is_password(field.first->name));
  });
  fields_.emplace_back(&key, value);
}

void Credentials::refuse_placeholders() const {
  std::vector<std::string> waiting;
  const Value* first = nullptr;
  const auto look = [&](const Value& value, std::string_view name) {
    if (!value.placeholder) return;
    if (first == nullptr) first = &value;
    waiting.emplace_back(name);
  };
  if (base_) look(*base_, "credentials");
  for (const auto& [key, value] : fields_) look(value, key->name);
  if (first == nullptr) return;
  throw Error(ErrorKind::configuration,
              fmt::format("{}: please set me up! {} {} still to be filled in", first->origin.source(),
                          fmt::join(waiting, ", "), waiting.size() == 1 ? "is" : "are"),
              fmt::format("Write the connection to your database into {}; delete the lines that you do not need.",
                          first->origin.name));
}

}  // namespace walbrook::config
