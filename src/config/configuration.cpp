#include "config/configuration.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <utility>

#include "base/destination_name.h"
#include "base/error.h"
#include "base/mask_secrets.h"
#include "base/names.h"
#include "base/publication_list.h"
#include "base/text.h"
#include "base/user_paths.h"
#include "config/credentials.h"
#include "config/file_access.h"
#include "config/written_text.h"

extern char** environ;  // NOLINT: POSIX's own name

namespace walbrook::config {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t longest_shown = 200;  // of an unknown key, in a message
constexpr const char* config_name = "config.toml";
constexpr const char* secrets_name = "secrets.toml";
void check_pipeline_name(const Written& written) {
  const auto& name = written.path[1];
  const bool fits = !name.empty() && std::ranges::all_of(name, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '-';
  });
  if (fits) return;
  throw Error(ErrorKind::configuration, fmt::format("{} is not a name for a pipeline", written.value.origin.label()),
              "Use letters, digits, - and _.");
}

void check_taken(const Key& key, const Value& value) {
  if (value.placeholder) return;  // source_credentials reports all of them together
  check_value(key, value);
  if (is_destination_name(key)) check_destination_kind(value.origin.label(), value.text);
}

fs::path users_folder() {
  const char* home = std::getenv("XDG_CONFIG_HOME");
  if (home != nullptr && *home == '/') return fs::path(home) / "walbrook";  // XDG: relative paths are ignored
  home = std::getenv("HOME");
  return home != nullptr && *home != '\0' ? fs::path(home) / ".config" / "walbrook" : fs::path();
}

// A project's folder that may not be entered differs from one that does not exist: another configuration would be used
// instead of it.
void check_can_be_entered(const fs::path& folder) {
  std::error_code failed;
  static_cast<void>(fs::exists(folder / config_name, failed));
  if (!failed) return;
  throw Error(
      ErrorKind::configuration,
      fmt::format("it cannot be determined whether {} exists: {}", (folder / config_name).string(), failed.message()),
      "Give this user the right to enter the folder, or start in another one (--project).");
}

bool has_files(const fs::path& folder) {
  std::error_code failed;
  return !folder.empty() && (fs::exists(folder / config_name, failed) || fs::exists(folder / secrets_name, failed));
}

}  // namespace

Configuration Configuration::read() {
  Configuration settings;
  const fs::path of_user = users_folder();
  for (const auto* const of_project : {".walbrook", ".dlt"}) check_can_be_entered(of_project);
  if (has_files(".walbrook")) {
    settings.read_folder(".walbrook", ".walbrook", false);
  } else if (has_files(".dlt")) {
    settings.read_folder(".dlt", ".dlt", true);
  } else if (has_files(of_user)) {
    settings.read_folder(of_user, of_user.string(), false);
  }
  settings.read_environment();
  return settings;
}

Configuration Configuration::read_again() const {
  auto again = read();
  again.flags_ = flags_;
  again.pipeline_ = pipeline_;
  return again;
}

void Configuration::read_folder(const fs::path& folder, const std::string& label, bool of_others) {
  folder_ = label;
  read_file(folder / config_name, label + "/" + config_name, false, of_others);
  read_file(folder / secrets_name, label + "/" + secrets_name, true, of_others);
  if (!of_others) {
    warn_of_access(folder / config_name, label + "/" + config_name, Holds::commands);
    warn_of_access(folder / secrets_name, label + "/" + secrets_name, Holds::secrets);
  }
  if (foreign_.empty()) return;
  constexpr std::size_t named = 3;
  const auto shown = std::min(named, foreign_.size());
  warnings_.push_back(
      fmt::format("{} in {} not walbrook's and ignored: {}{}",
                  foreign_.size() == 1 ? "1 key" : fmt::format("{} keys", foreign_.size()),
                  label + (foreign_.size() == 1 ? " is" : " are"),
                  fmt::join(foreign_.begin(), foreign_.begin() + static_cast<std::ptrdiff_t>(shown), ", "),
                  shown < foreign_.size() ? " …" : ""));
}

void Configuration::read_file(const fs::path& file, const std::string& label, bool secret, bool of_others) {
  std::error_code failed;
  if (!fs::exists(file, failed)) return;
  Layer& layer = secret ? secrets_ : config_;
  for (const auto& written : read_toml_file(file, label, secret)) take(written, of_others, layer);
}

void Configuration::warn_of_access(const fs::path& file, const std::string& label, Holds holds) {
  for (auto& warning : access_warnings(file.string(), label, holds)) {
    if (std::ranges::find(warnings_, warning) == warnings_.end()) warnings_.push_back(std::move(warning));
  }
}

// A file that is named but does not exist is reported by the code that reads it.
void Configuration::warn_of_password_file(const Key& key, const Value& value) {
  if (!is_credential(key) || key.name != "password_file" || value.text.empty()) return;
  warn_of_access(expand_home(value.text), value.text, Holds::password);
}

void Configuration::take(const Written& written, bool of_others, Layer& layer) {
  auto path = written.path;
  const bool in_pipelines = path.size() > 1 && path[0] == "pipelines";
  if (in_pipelines && written.form == Form::table && path.size() == 2) {
    check_pipeline_name(written);
    if (!has_pipeline(path[1])) pipelines_.push_back(path[1]);
  }
  if (written.form == Form::table) return;
  // `tables = ["orders"]` can mean only one thing.
  if (in_pipelines && path.size() == 3 && path[2] == "tables" && written.form == Form::list) path[2] = "table_names";
  const auto place = find_place(path);
  if (!place) {
    if (of_others) {
      foreign_.push_back(written.value.origin.written);
      return;
    }
    const auto meant = nearest_key(path);
    throw Error(ErrorKind::configuration,
                fmt::format("{}: unknown key {}", written.value.origin.source(),
                            shortened(printable(written.value.origin.written), longest_shown)),
                meant.empty() ? "docs/configuration.md lists them all."
                              : fmt::format("Did you mean {}? docs/configuration.md lists them all.", meant));
  }
  const Key& key = *place->key;
  if (!takes(key, written.form)) {
    throw Error(ErrorKind::configuration, fmt::format("{} must be {}", written.value.origin.label(), wanted_form(key)));
  }
  Value value = written.value;
  value.text = normalised(key, std::move(value.text));
  if (key.kind == Kind::texts && written.form == Form::text) value.items = {value.text};
  if (key.kind == Kind::publications && written.form == Form::list) value.text = publication_list(value.items);
  check_taken(key, value);
  warn_of_password_file(key, value);
  layer.push_back({.key = &key,
                   .pipeline = place->pipeline,
                   .element = written.element,
                   .value = std::move(value),
                   .column = place->column});
}

void Configuration::read_environment() {
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
    const std::string_view entry = *variable;
    const auto equals = entry.find('=');
    if (equals == std::string_view::npos || equals + 1 == entry.size()) continue;  // an empty variable sets nothing
    const auto name = entry.substr(0, equals);
    if (name.find("__") == std::string_view::npos) continue;
    const auto path = path_of_variable(name);
    const auto place = find_place(path);
    if (!place || is_of_a_table(*place->key)) {
      // Other names of this form belong to other programs; with this prefix, a word is mistyped.
      if (!name.starts_with("SOURCES__PG_REPLICATION__")) continue;
      const auto meant = nearest_key(path);
      warnings_.push_back(fmt::format("{} is not a setting of walbrook{}", printable(name),
                                      meant.empty() ? "" : fmt::format("; did you mean {}?", meant)));
      continue;
    }
    const Key& key = *place->key;
    Value value{.text = normalised(key, std::string(entry.substr(equals + 1))),
                .items = {},
                .origin = {.place = Origin::Place::environment, .name = std::string(name), .line = 0, .written = {}}};
    if (key.kind == Kind::texts) value.items = list_items(value.text, value.origin);
    if (key.kind == Kind::publications && value.text.starts_with('[')) {
      value.text = publication_list(list_items(value.text, value.origin));
    }
    check_taken(key, value);
    warn_of_password_file(key, value);
    environment_.push_back({.key = &key, .pipeline = place->pipeline, .element = -1, .value = std::move(value)});
  }
}

bool Configuration::has_pipeline(std::string_view name) const {
  return std::ranges::find(pipelines_, name) != pipelines_.end();
}

void Configuration::set_flag(std::string_view name, std::string flag, std::string text) {
  const Key& found = key(name);
  Value value{.text = without_line_break(found, std::move(text)),
              .items = {},
              .origin = {.place = Origin::Place::flag, .name = std::move(flag), .line = 0, .written = {}}};
  check_taken(found, value);
  flags_.push_back({.key = &found, .pipeline = {}, .element = -1, .value = std::move(value)});
}

void Configuration::set_flag(std::string_view name, std::string flag, std::vector<std::string> items) {
  Value value{.text = fmt::format("{}", fmt::join(items, ", ")),
              .items = std::move(items),
              .origin = {.place = Origin::Place::flag, .name = std::move(flag), .line = 0, .written = {}}};
  flags_.push_back({.key = &key(name), .pipeline = {}, .element = -1, .value = std::move(value)});
}

std::vector<std::pair<const Configuration::Layer*, bool>> Configuration::by_strength() const {
  return {{&config_, false},      {&secrets_, false},    {&config_, true}, {&secrets_, true},
          {&environment_, false}, {&environment_, true}, {&flags_, false}};
}

bool Configuration::is_of_this_pipeline(const Entry& entry) const {
  if (pipeline_.empty()) return false;
  return entry.value.origin.place == Origin::Place::environment ? entry.pipeline == lower(pipeline_)
                                                                : entry.pipeline == pipeline_;
}

const Configuration::Entry* Configuration::find_in(const Layer& layer, const Key& key, bool of_pipeline) const {
  const bool of_destination = of_pipeline && key.full_name() == destination_key;
  for (auto entry = layer.rbegin(); entry != layer.rend(); ++entry) {
    const bool here = of_pipeline ? is_of_this_pipeline(*entry) : entry->pipeline.empty();
    if (!here) continue;
    // `destination = "duckdb"` sets the kind, not the file.
    const bool says_nothing = is_destination_name(*entry->key) && is_destination_kind(entry->value.text);
    if (entry->key == &key && (!says_nothing || key.name == "destination")) return &*entry;
    if (of_destination && entry->key->name == "destination" && !says_nothing) return &*entry;
  }
  return nullptr;
}

std::optional<Value> Configuration::find(std::string_view name) const {
  const Key& wanted = key(name);
  const auto layers = by_strength();
  for (auto layer = layers.rbegin(); layer != layers.rend(); ++layer) {
    if (const auto* entry = find_in(*layer->first, wanted, layer->second)) return entry->value;
  }
  return std::nullopt;
}

std::optional<std::string> Configuration::text(std::string_view name) const {
  const auto value = find(name);
  return value ? std::optional(value->text) : std::nullopt;
}

std::optional<bool> Configuration::boolean(std::string_view name) const {
  const auto value = find(name);
  return value ? std::optional(value->text == "true") : std::nullopt;
}

std::optional<std::uint64_t> Configuration::number(std::string_view name) const {
  const auto value = find(name);
  if (!value) return std::nullopt;
  const Key& found = key(name);
  const auto label = value->origin.label();
  return found.kind == Kind::size ? parse_size(label, value->text, found.least)
                                  : parse_count(label, value->text, found.least, found.most);
}

std::vector<TableSetting> Configuration::written_tables() const {
  std::vector<TableSetting> tables;
  int element = -1;
  for (const auto& entry : config_) {
    if (!is_of_a_table(*entry.key) || !is_of_this_pipeline(entry)) continue;
    if (entry.element != element) {
      tables.push_back({.name = {}, .columns = {}, .origin = entry.value.origin});
      element = entry.element;
    }
    if (!entry.column.empty()) {
      tables.back().overrides[entry.column][std::string(entry.key->name)] = entry.value;
    } else if (entry.key->name == "name") {
      tables.back().name = entry.value.text;
      tables.back().origin = entry.value.origin;
    } else {
      tables.back().columns = entry.value.items;
    }
  }
  for (const auto& table : tables) {
    if (table.name.empty()) {
      throw Error(ErrorKind::configuration, fmt::format("{} belongs to a table without a name", table.origin.label()),
                  "Write name = \"…\" above it.");
    }
  }
  return tables;
}

std::vector<TableSetting> Configuration::tables() const {
  const auto listed = find("sources.pg_replication.table_names");
  auto written = written_tables();
  const bool stronger = listed && listed->origin.place != Origin::Place::file;
  if (!written.empty() && !stronger) {
    const bool of_pipeline = listed && listed->origin.written.starts_with("pipelines.");
    if (!of_pipeline) return written;
    throw Error(ErrorKind::configuration,
                fmt::format("{} and [[pipelines.{}.tables]] both name tables", listed->origin.label(), pipeline_),
                "Name them in one of the two.");
  }
  std::vector<TableSetting> tables;
  if (!listed) return tables;
  for (const auto& item : listed->items) tables.push_back({.name = item, .columns = {}, .origin = listed->origin});
  return tables;
}

std::string Configuration::fallback(const Key& key) const {
  if (pipeline_.empty()) return std::string(key.fallback);
  if (key.name == "slot_name" || key.name == "pub_name") return pipeline_;
  if (key.full_name() == destination_key) return fmt::format("duckdb:///{}.duckdb", pipeline_);
  return std::string(key.fallback);
}

std::vector<Effective> Configuration::effective() const {
  std::vector<Effective> out = effective_credentials();
  for (const auto& key : keys()) {
    if (is_credential(key) || key.kind == Kind::connection || is_of_a_table(key)) continue;
    auto value = find(key.full_name());
    // A key that only a pipeline has is listed only with a pipeline.
    if (!value && key.section == "pipelines.NAME" && pipeline_.empty()) continue;
    if (!value) value = Value{.text = fallback(key), .items = {}, .origin = {}};
    out.push_back({.key = &key, .value = *std::move(value)});
    if (is_destination_name(key) || is_place_with_secrets(key)) {
      out.back().value.text = mask_secrets(out.back().value.text);
    }
  }
  return out;
}

std::string pipeline_without_name(const Configuration& settings) {
  const auto& names = settings.pipelines();
  if (names.size() == 1) return names[0];
  return settings.has_pipeline(default_pipeline) ? std::string(default_pipeline) : std::string();
}

std::optional<Value> Configuration::source_credentials() const {
  return Credentials(*this, "sources.pg_replication").connection();
}

const Configuration::Entry* Configuration::destination_entry() const {
  const auto layers = by_strength();
  for (auto layer = layers.rbegin(); layer != layers.rend(); ++layer) {
    const auto& [entries, of_pipeline] = *layer;
    for (auto entry = entries->rbegin(); entry != entries->rend(); ++entry) {
      const bool here = of_pipeline ? is_of_this_pipeline(*entry) : entry->pipeline.empty();
      if (here && is_destination_name(*entry->key)) return &*entry;
    }
  }
  return nullptr;
}

std::optional<Value> Configuration::destination() const {
  const auto* strongest = destination_entry();
  const bool is_kind = strongest != nullptr && is_destination_kind(strongest->value.text);
  return destination_of_kind(is_kind ? strongest->value.text : duckdb_destination);
}

std::optional<Value> Configuration::destination_of_kind(std::string_view kind) const {
  if (kind == duckdb_destination) {
    auto place = find(destination_key);
    if (place) place->text = without_driver(place->text);
    return place;
  }
  if (kind == filesystem_destination) return bucket();
  const auto section = fmt::format("destination.{}", kind);
  if (auto whole = Credentials(*this, section).connection()) {
    if (url_scheme(whole->text).empty()) whole->text = fmt::format("{}:{}", kind, whole->text);
    return whole;
  }
  throw Error(ErrorKind::configuration,
              fmt::format("the destination is of kind {}, and nothing says where it is", kind),
              fmt::format("Set {}.credentials, or name the destination by its URL.", section));
}

Value Configuration::bucket() const {
  const auto url = find(bucket_key);
  if (!url) {
    throw Error(ErrorKind::configuration, "the destination is of kind filesystem, and nothing says where it is",
                fmt::format("Set {}, or name the destination by its URL.", bucket_key));
  }
  if (url->placeholder) {
    throw Error(ErrorKind::configuration,
                fmt::format("{}: please set me up! bucket_url is still to be filled in", url->origin.source()),
                fmt::format("Write the URL of the folder or the bucket into {}: file:///data/lake, s3://bucket/lake.",
                            url->origin.name));
  }
  return *url;
}

bool Configuration::names_destination() const {
  const auto* strongest = destination_entry();
  if (strongest != nullptr && strongest->value.text != duckdb_destination) return true;
  return find(destination_key).has_value();
}

std::vector<Effective> Configuration::effective_credentials() const {
  auto parts = Credentials(*this, "sources.pg_replication").parts();
  for (auto& part : Credentials(*this, "destination.postgresql").parts()) parts.push_back(std::move(part));
  return parts;
}

}  // namespace walbrook::config
