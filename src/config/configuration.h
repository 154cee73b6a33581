// What a pipeline is to do, from all places where it can be said: flags over the environment over files over defaults.
//
// Files: .walbrook/config.toml and .walbrook/secrets.toml in the current folder, else the same two in .dlt/, else in
// $XDG_CONFIG_HOME/walbrook (~/.config/walbrook). What secrets.toml says goes before what config.toml says. Within
// each of flags, environment and files, what is said for a pipeline ([pipelines.NAME]) goes before what is said for
// all.
//
//   auto settings = config::Configuration::read();          // throws Error(configuration) with file, line and key
//   settings.choose("shop");                                 // [pipelines.shop] counts from now on
//   settings.set_flag("load.batch_rows", "--batch-rows", "10");
//   settings.number("load.batch_rows")                     // 10
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/file_access.h"
#include "config/keys.h"
#include "config/toml_file.h"
#include "config/value.h"

namespace walbrook::config {

// [[pipelines.NAME.tables]], or an item of table_names.
struct TableSetting {
  std::string name;                                                 // as --table takes it
  std::vector<std::string> columns;                                 // of [[…tables]]; empty: as the name says
  std::map<std::string, std::map<std::string, Value>> overrides{};  // of [[…tables]]: column → name, data_type, …
  Origin origin;
};

// A setting as it counts in the end.
struct Effective {
  const Key* key;
  Value value;  // a secret's text is "***"; of a connection passwords are masked
};

class Configuration {
 public:
  // Without files and environment: only flags and defaults.
  Configuration() = default;
  // Of the current folder. Throws Error(configuration): unreadable or no TOML, an unknown key (in .dlt/ a warning), a
  // value of a wrong type or form.
  static Configuration read();
  // The same flags and pipeline over files and environment as they are now. Call it in the folder of the first time.
  [[nodiscard]] Configuration read_again() const;

  // To be told once logging is set up.
  [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }
  // ".walbrook", ".dlt", an absolute path; "" when there are no files.
  [[nodiscard]] const std::string& folder() const { return folder_; }
  // In the order in which the files name them.
  [[nodiscard]] const std::vector<std::string>& pipelines() const { return pipelines_; }
  [[nodiscard]] bool has_pipeline(std::string_view name) const;
  // Whose settings count from now on; it need not be in the files.
  void choose(std::string pipeline) { pipeline_ = std::move(pipeline); }
  [[nodiscard]] const std::string& pipeline() const { return pipeline_; }

  // Over everything else. Throws Error(configuration).
  void set_flag(std::string_view key, std::string flag, std::string text);
  void set_flag(std::string_view key, std::string flag, std::vector<std::string> items);

  // What was said; nullopt: nothing, the default holds. Keys by their full names.
  [[nodiscard]] std::optional<Value> find(std::string_view key) const;
  [[nodiscard]] std::optional<std::string> text(std::string_view key) const;
  [[nodiscard]] std::optional<bool> boolean(std::string_view key) const;
  [[nodiscard]] std::optional<std::uint64_t> number(std::string_view key) const;  // count, or a size in bytes
  [[nodiscard]] std::vector<TableSetting> tables() const;
  // libpq's connection string from a URL and fields, whatever was said where; nullopt: nothing was said. Reads a
  // password's file and runs its command. Throws Error(configuration), also while placeholders wait for their owner.
  [[nodiscard]] std::optional<Value> source_credentials() const;

  // What holds where nothing is said: of slot, publication and file it follows from the pipeline.
  [[nodiscard]] std::string fallback(const Key& key) const;
  // All that was said and every default, credentials first, then in the table's order.
  [[nodiscard]] std::vector<Effective> effective() const;

 private:
  friend class SourceCredentials;
  // One file, the environment, or the flags.
  struct Entry {
    const Key* key;
    std::string pipeline;
    int element;
    Value value;
    std::string column{};  // of an override
  };
  using Layer = std::vector<Entry>;

  void read_folder(const std::filesystem::path& folder, const std::string& label, bool of_others);
  void read_file(const std::filesystem::path& file, const std::string& label, bool secret, bool of_others);
  void take(const Written& written, bool of_others, Layer& layer);
  void read_environment();
  void warn_of_password_file(const Key& key, const Value& value);
  void warn_of_access(const std::filesystem::path& file, const std::string& label, Holds holds);
  [[nodiscard]] const Entry* find_in(const Layer& layer, const Key& key, bool of_pipeline) const;
  [[nodiscard]] bool is_of_this_pipeline(const Entry& entry) const;
  // The layers from the weakest to the strongest, each with whether its entries are a pipeline's.
  [[nodiscard]] std::vector<std::pair<const Layer*, bool>> by_strength() const;
  [[nodiscard]] std::vector<TableSetting> written_tables() const;
  [[nodiscard]] std::vector<Effective> effective_credentials() const;  // what was said of them

  Layer flags_, environment_, secrets_, config_;
  std::string folder_;
  std::string pipeline_;
  std::vector<std::string> pipelines_;
  std::vector<std::string> foreign_;  // keys of .dlt/ that are not ours
  std::vector<std::string> warnings_;
};

// Which pipeline a command without a name means: the only one, else pg_replication_pipeline, else none ("").
inline constexpr std::string_view default_pipeline = "pg_replication_pipeline";
[[nodiscard]] std::string pipeline_without_name(const Configuration& settings);

}  // namespace walbrook::config
