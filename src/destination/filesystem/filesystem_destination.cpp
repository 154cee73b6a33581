#include "destination/filesystem/filesystem_destination.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <set>
#include <utility>

#include "base/error.h"
#include "destination/duckdb/types.h"
#include "destination/filesystem/bucket_storage.h"
#include "destination/filesystem/file_names.h"
#include "destination/filesystem/filesystem_capabilities.h"
#include "destination/filesystem/folder_storage.h"
#include "destination/filesystem/view_session.h"

namespace walbrook::destination::filesystem {
namespace {

namespace fs = std::filesystem;

// Returns the first column that the record has and that the table lacks or has with another type.
const ColumnSchema* altered_column(const FileTable& table, const OutputRecord& output) {
  const auto found = std::ranges::find_if(output.columns->columns, [&](const ColumnSchema& column) {
    const auto* known = table.column_of(column.name);
    return known == nullptr || known->type != column.type;
  });
  return found == output.columns->columns.end() ? nullptr : &*found;
}

}  // namespace

FilesystemDestination::FilesystemDestination(const DestinationOptions& options)
    : options_(options), location_(parse_location(options.url)), label_(location_.root) {}

FilesystemDestination::~FilesystemDestination() = default;

const Capabilities& FilesystemDestination::capabilities() const {
  return filesystem::capabilities();
}

std::string FilesystemDestination::type_name(const PhysicalType& type) const {
  return duckdb::sql_type(type);
}

// One process writes a pipeline's files at a time. The lock ends with the process.
void FilesystemDestination::lock_folder() {
  if (location_.is_bucket || options_.read_only) return;
  const auto path = location_.root + "/" + lock_file(options_.pipeline);
  std::error_code failed;
  fs::create_directories(fs::path(path).parent_path(), failed);
  constexpr mode_t owner_only = 0600;
  Descriptor lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, owner_only));
  if (lock.get() < 0) {
    throw Error(ErrorKind::destination, fmt::format("{} could not be created: {}", path, std::strerror(errno)),
                "Give this user the right to write the folder.");
  }
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    throw DestinationLocked(
        fmt::format("the files of pipeline \"{}\" in {} are locked by another process", options_.pipeline, label_),
        "End that process, or wait until it is done.");
  }
  lock_ = std::move(lock);
}

void FilesystemDestination::check_writable() const {
  if (options_.read_only) throw Error(ErrorKind::internal, label_ + " was opened to be read only");
}

WriteContext FilesystemDestination::context() const {
  return {.database = database_, .storage = storage_.get(), .format = location_.format, .layout = location_.layout};
}

Manifest FilesystemDestination::manifest() const {
  const std::scoped_lock lock(mutex_);
  return manifest_;
}

void FilesystemDestination::set_manifest(Manifest manifest) {
  const std::scoped_lock lock(mutex_);
  manifest_ = std::move(manifest);
}

std::shared_ptr<duckdb::Database> FilesystemDestination::make_database() const {
  static std::atomic<int> count = 0;  // two databases in one folder would use the same names
  const auto use = fmt::format("{}-{}", ::getpid(), ++count);
  const auto temporary = location_.is_bucket
                             ? (fs::temp_directory_path() / ("walbrook-" + use)).string()
                             : fmt::format("{}/{}", location_.root, temporary_folder(options_.pipeline, use));
  auto database = std::make_shared<duckdb::Database>(duckdb::DatabaseOptions{.path = "",
                                                                             .label = label_,
                                                                             .temporary_folder = temporary,
                                                                             .memory_limit = options_.memory_limit,
                                                                             .threads = options_.threads});
  if (location_.is_bucket) {
    duckdb::Connection connection(database);
    duckdb::prepare_bucket_access(connection, location_.root, location_.access, options_.extension_directory);
  }
  return database;
}

// The loader may be committing: a session reads what is stored.
std::unique_ptr<ReadSession> FilesystemDestination::open_session(const ReadOptions& options) {
  auto chosen = options;
  if (chosen.pipeline.empty()) chosen.pipeline = options_.pipeline;
  return std::make_unique<ViewSession>(
      ViewSource{.location = location_,
                 .label = label_,
                 .path_of = [this](const std::string& name) { return storage_->path_of(name); },
                 .manifests =
                     [this] {
                       auto manifests = store_->others().manifests;
                       if (auto own = store_->read(); own.batch > 0)
                         manifests.emplace(options_.pipeline, std::move(own));
                       return manifests;
                     },
                 .database = [this] { return make_database(); }},
      std::move(chosen));
}

State FilesystemDestination::open() {
  if (lock_.get() < 0) lock_folder();
  if (database_ == nullptr) database_ = make_database();
  if (location_.is_bucket) {
    storage_ = std::make_unique<BucketStorage>(database_, location_.root);
  } else {
    storage_ = std::make_unique<FolderStorage>(location_.root);
  }
  store_ = std::make_unique<ManifestStore>(*storage_, options_.pipeline, location_.format, label_);
  copies_ = std::make_unique<FinishedCopies>(*storage_);
  uncertain_.reset();
  auto found = store_->read();
  if (!options_.read_only) {
    // The last process may have died between the manifest and the views, which name files that are removed below.
    if (found.batch > 0) store_->write_views(found);
    store_->remove_leftovers(found);
  }
  auto state = found.state();
  set_manifest(std::move(found));
  return state;
}

State FilesystemDestination::read_state() {
  return manifest().state();
}

// The lock file is a part of the folder that was opened: if its name leads to another file, so does the folder's.
void FilesystemDestination::check_still_there() {
  if (lock_.get() < 0) return;
  struct stat open {};
  struct stat named {};
  const auto path = location_.root + "/" + lock_file(options_.pipeline);
  if (::fstat(lock_.get(), &open) == 0 && ::stat(path.c_str(), &named) == 0 && open.st_ino == named.st_ino &&
      open.st_dev == named.st_dev) {
    return;
  }
  throw DestinationLost(fmt::format("the folder {} was removed, moved or replaced while it was open", label_),
                        remedy("Nothing that came after that is confirmed: {}.", RemedyAction::run_again));
}

bool FilesystemDestination::has_all_files(const FileTarget& target) {
  std::map<std::string, std::uint64_t> there;
  std::set<std::string> folders;
  for (const auto& file : target.files) folders.insert(table_folder_of(file.name));
  for (const auto& folder : folders) {
    for (const auto& file : storage_->list(folder)) there.emplace(file.name, file.bytes);
  }
  return std::ranges::all_of(target.files, [&](const DataFile& file) {
    const auto found = there.find(file.name);
    return found != there.end() && (file.bytes == 0 || found->second == 0 || found->second == file.bytes);
  });
}

std::optional<TargetFinding> FilesystemDestination::inspect_one(const Manifest& manifest, const OtherPipelines& others,
                                                                const OutputRecord& output) {
  using Kind = TargetFinding::Kind;
  if (const auto conflict = store_->conflict(manifest, others, output.target())) {
    return TargetFinding{.output = output.id,
                         .kind = Kind::name_conflict,
                         .reason = conflict->reason,
                         .hint = to_text(conflict->hint, Wording::command)};
  }
  if (output.columns == nullptr) return std::nullopt;
  const auto full_name = fmt::format("{}.{}", output.target_schema, output.target_name);
  const auto found = manifest.targets.find({output.target_schema, output.target_name});
  const auto finding = [&](Kind kind, std::string reason) {
    return TargetFinding{.output = output.id, .kind = kind, .reason = std::move(reason), .hint = {}};
  };
  if (found == manifest.targets.end()) return finding(Kind::missing, full_name + " has no files in " + label_);
  if (!has_all_files(found->second)) {
    return finding(Kind::missing, fmt::format("files of {} in {} were removed or changed", full_name, label_));
  }
  const auto* altered = altered_column(found->second.table, output);
  if (altered == nullptr) return std::nullopt;
  return finding(Kind::altered, fmt::format("the files of {} lack column \"{}\"", full_name, altered->name));
}

std::vector<TargetFinding> FilesystemDestination::inspect(std::span<const OutputRecord> outputs) {
  const auto known = manifest();
  const auto others = store_->others();
  std::vector<TargetFinding> findings;
  for (const auto& output : outputs) {
    if (auto finding = inspect_one(known, others, output)) findings.push_back(*std::move(finding));
  }
  return findings;
}

void FilesystemDestination::find_out_about_uncertain() {
  if (!uncertain_) return;
  const auto found = store_->read();
  const bool is_durable = found.batch == uncertain_->batch;
  uncertain_.reset();
  if (!is_durable) return;
  set_manifest(found);
  throw CommitWasDurable(label_, lsn_of(found.checkpoint));
}

std::unique_ptr<FilesystemTransaction> FilesystemDestination::begin_transaction(const AttemptId& attempt) {
  check_writable();
  if (transaction_is_open_) throw Error(ErrorKind::internal, "a transaction is open on the destination");
  check_still_there();
  find_out_about_uncertain();
  transaction_is_open_ = true;
  return std::make_unique<FilesystemTransaction>(context(), *store_, *copies_, manifest(), attempt,
                                                 [this](FilesystemTransaction::Outcome&& outcome) {
                                                   transaction_is_open_ = false;
                                                   if (outcome.uncertain) uncertain_ = std::move(outcome.manifest);
                                                   if (outcome.committed) set_manifest(std::move(outcome.manifest));
                                                 });
}

std::unique_ptr<destination::Transaction> FilesystemDestination::begin(const AttemptId& attempt) {
  return begin_transaction(attempt);
}

std::vector<CompactedTable> FilesystemDestination::compact() {
  const auto transaction = begin_transaction({});
  auto tables = transaction->compact_tables();
  if (!tables.empty()) transaction->commit();
  return tables;
}

std::unique_ptr<CopyWriter> FilesystemDestination::begin_copy(std::span<const CopyTarget> outputs) {
  check_writable();
  const auto known = manifest();
  const auto others = store_->others();
  for (const auto& [output, schema] : outputs) {
    const auto conflict = store_->conflict(known, others, output->target());
    if (conflict) throw Error(ErrorKind::destination, conflict->reason, conflict->hint);
  }
  return std::make_unique<FileCopyWriter>(context(), *copies_, copies_->next_generation(known.generation + 1), outputs);
}

void FilesystemDestination::forget_outputs(Manifest& manifest, std::span<const OutputRecord> outputs) {
  for (const auto& output : outputs) {
    copies_->drop(output.id);
    const auto found = manifest.targets.find({output.target_schema, output.target_name});
    if (found != manifest.targets.end()) manifest.targets.erase(found);
    manifest.outputs.erase(output.id);
    manifest.schema_versions.erase(output.id);
    const auto is_of_table = [&](const auto& entry) { return entry.second.source == output.source; };
    if (std::ranges::none_of(manifest.outputs, is_of_table)) manifest.tables.erase(output.source);
  }
}

void FilesystemDestination::store_dropped(Manifest manifest) {
  ++manifest.batch;
  store_->write(manifest, true);
  store_->write_views(manifest);
  const auto before = this->manifest();
  for (const auto& [name, target] : before.targets) {
    if (manifest.targets.contains(name)) continue;
    for (const auto& file : target.files) storage_->remove(file.name);
  }
  set_manifest(std::move(manifest));
}

void FilesystemDestination::drop(DropScope scope, std::span<const OutputRecord> outputs) {
  check_writable();
  auto left = manifest();
  if (scope == DropScope::pipeline) {
    for (const auto& [id, output] : left.outputs) copies_->drop(id);
    store_->remove_all(left);
    return set_manifest({});
  }
  if (scope == DropScope::outputs) {
    forget_outputs(left, outputs);
    return store_dropped(std::move(left));
  }
  std::vector<OutputRecord> sourced;
  for (const auto& [id, output] : left.outputs) {
    if (output.has_source()) sourced.push_back(output);
  }
  forget_outputs(left, sourced);
  std::erase_if(left.targets, [](const auto& entry) { return entry.second.has_source; });
  std::erase_if(left.loads, [](const FinishedLoad& load) { return load.record.last_commit.is_set(); });
  left.newest_load = left.loads.empty() ? 0 : left.loads.back().record.id;
  left.tables.clear();
  left.checkpoint.reset();
  store_dropped(std::move(left));
}

}  // namespace walbrook::destination::filesystem
