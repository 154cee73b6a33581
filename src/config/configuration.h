// The settings of a pipeline from all places where they can be set: flags override the environment, which overrides
// files, which override defaults.
//
// Files are .walbrook/config.toml and .walbrook/secrets.toml in the current folder, or the same two in .dlt/, or in
// $XDG_CONFIG_HOME/walbrook (~/.config/walbrook): the first of these folders that has one of them. secrets.toml
// overrides config.toml. Within flags, environment and files, a value for one pipeline ([pipelines.NAME]) overrides a
// value for all pipelines.
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

// A table of [[pipelines.NAME.tables]], or an item of table_names.
struct TableSetting {
  std::string name;                                                 // as --table takes it
  std::vector<std::string> columns;                                 // of [[…tables]]; empty = those that `name` gives
  std::map<std::string, std::map<std::string, Value>> overrides{};  // of [[…tables]]: column → name, data_type, …
  Origin origin;
};

// The value of a setting after all overriding.
struct Effective {
  const Key* key;
  Value value;  // a secret is "***"; passwords in a connection string are masked
};

class Configuration {
 public:
  // Without files and environment: only flags and defaults.
  Configuration() = default;
  // Reads files and environment in the current folder. Throws Error(configuration) for a file that cannot be read or is
  // not TOML, an unknown key (in .dlt/ it is a warning), and a value of a wrong type or form.
  static Configuration read();
  // Returns the same flags and pipeline with the files and the environment as they are now. REQUIRES: the current
  // folder is that of the first read.
  [[nodiscard]] Configuration read_again() const;

  // To be logged once logging is set up.
  [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }
  // ".walbrook", ".dlt" or an absolute path; "" if there are no files.
  [[nodiscard]] const std::string& folder() const { return folder_; }
  // In the order in which the files name them.
  [[nodiscard]] const std::vector<std::string>& pipelines() const { return pipelines_; }
  [[nodiscard]] bool has_pipeline(std::string_view name) const;
  // Selects the pipeline whose settings apply from now on; it need not be in the files.
  void choose(std::string pipeline) { pipeline_ = std::move(pipeline); }
  [[nodiscard]] const std::string& pipeline() const { return pipeline_; }

  // Sets a value that overrides everything else. Throws Error(configuration).
  void set_flag(std::string_view key, std::string flag, std::string text);
  void set_flag(std::string_view key, std::string flag, std::vector<std::string> items);

  // Returns what was set; nullopt if nothing was, so that the default applies. Keys are given by their full names.
  [[nodiscard]] std::optional<Value> find(std::string_view key) const;
  [[nodiscard]] std::optional<std::string> text(std::string_view key) const;
  [[nodiscard]] std::optional<bool> boolean(std::string_view key) const;
  [[nodiscard]] std::optional<std::uint64_t> number(std::string_view key) const;  // a count, or a size in bytes
  [[nodiscard]] std::vector<TableSetting> tables() const;
  // Returns libpq's connection string from the URL and the fields that were set; nullopt if none was. Reads a password
  // file and runs a password command. Throws Error(configuration), also if placeholders are still to be filled in.
  [[nodiscard]] std::optional<Value> source_credentials() const;
  // Returns the path or URL of the destination, with its credentials; nullopt if none was set. A `key=value` string has
  // the kind in front: "postgresql:host=db dbname=shop". Where only the kind of destination was set, its own
  // `credentials` say where it is. Throws Error(configuration) as source_credentials does, and if these say nothing.
  [[nodiscard]] std::optional<Value> destination() const;
  // The same for a kind of destination that was named otherwise: "duckdb".
  [[nodiscard]] std::optional<Value> destination_of_kind(std::string_view kind) const;
  // Returns whether something says where the destination is, or of which kind other than a file named after a database.
  [[nodiscard]] bool names_destination() const;

  // Returns the default value of a key; for slot, publication and file it follows from the pipeline.
  [[nodiscard]] std::string fallback(const Key& key) const;
  // Returns every setting with its value or default: credentials first, then in the order of keys().
  [[nodiscard]] std::vector<Effective> effective() const;

 private:
  friend class Credentials;
  // An entry of one file, of the environment, or of the flags.
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
  // Returns the URL of a destination of files. Throws Error(configuration) if none was set.
  [[nodiscard]] Value bucket() const;
  // Returns the strongest setting that names a destination or a kind of destination.
  [[nodiscard]] const Entry* destination_entry() const;
  // Returns the layers from the weakest to the strongest, each with whether its entries for a pipeline are meant.
  [[nodiscard]] std::vector<std::pair<const Layer*, bool>> by_strength() const;
  [[nodiscard]] std::vector<TableSetting> written_tables() const;
  [[nodiscard]] std::vector<Effective> effective_credentials() const;  // only those that were set

  Layer flags_, environment_, secrets_, config_;
  std::string folder_;
  std::string pipeline_;
  std::vector<std::string> pipelines_;
  std::vector<std::string> foreign_;  // keys of .dlt/ that walbrook lacks
  std::vector<std::string> warnings_;
};

// Returns the pipeline that a command without a name means: the only one, or pg_replication_pipeline, or none ("").
inline constexpr std::string_view default_pipeline = "pg_replication_pipeline";
[[nodiscard]] std::string pipeline_without_name(const Configuration& settings);

}  // namespace walbrook::config
