// Writes a program's stream into a table.
//
// All rows wait where no reader sees them until the stream has ended: a slow stream holds no transaction open, a stream
// that fails leaves no trace, and memory stays bounded. Rows of a table that is new or replaced go into a copy, which
// one transaction swaps in. Rows that are appended to a table, or replace those with their key, wait in a spool, and
// one transaction applies them by the same row operations as changes of a source.
#include "api/stream_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "api/arrow_rows.h"
#include "api/run_progress.h"
#include "api/schema_changes.h"
#include "api/source_access.h"
#include "destination/place.h"
#include "model/part_codec.h"
#include "output/disposition.h"
#include "postgres/catalog/table_name.h"
#include "replication/runtime/file_spool.h"

namespace walbrook::api {
namespace {

using destination::OutputRecord;
using destination::OutputState;
using std::chrono::steady_clock;
using std::chrono::system_clock;

enum class WriteDisposition { append, replace, merge };

// Bytes of rows whose row operations are made together: so large that few statements look for their keys.
constexpr std::size_t applied_bytes = std::size_t{32} << 20U;

[[noreturn]] void refuse_setting(const std::string& setting, const std::string& cause, const std::string& hint) {
  throw Error(ErrorKind::configuration, cause, hint, {.setting = setting});
}

WriteDisposition disposition_of(const StreamPlan& plan, const destination::Capabilities& capabilities) {
  const auto& said = plan.write_disposition;
  const auto known = said.empty() || said == "append" || said == "replace" || said == "merge";
  if (!known) {
    refuse_setting("write_disposition", fmt::format("write_disposition \"{}\" is not known", said),
                   "Known: append, replace, merge.");
  }
  const bool merges = said == "merge";
  if (merges && plan.primary_key.empty()) {
    refuse_setting("primary_key",
                   "write_disposition \"merge\" needs a primary_key: rows take the place of those with an equal one",
                   "Name its columns, or append.");
  }
  if (!merges && !plan.primary_key.empty()) {
    refuse_setting("primary_key", "primary_key is for write_disposition \"merge\": nothing else uses it",
                   "Leave it out, or merge.");
  }
  if (merges && !capabilities.rows_change) {
    refuse_setting("write_disposition",
                   "write_disposition \"merge\": rows of this destination cannot change once they are written",
                   "Append the rows, or replace the table.");
  }
  if (merges) return WriteDisposition::merge;
  return said == "replace" ? WriteDisposition::replace : WriteDisposition::append;
}

postgres::TableName target_of(const PipelineState& state, const StreamPlan& plan) {
  if (plan.table_name.empty()) {
    refuse_setting("table_name", "a stream needs the name of the table for its rows",
                   "Name it: .table_name = \"events\".");
  }
  auto name = parse_exact_name(plan.table_name, "table_name");
  if (!name.schema.empty() && plan.dev_mode && name.schema != state.dataset_name) {
    refuse_setting("table_name",
                   fmt::format("table_name {}: in dev_mode tables are in {}", plan.table_name, state.dataset_name),
                   "Leave the schema out.");
  }
  if (name.schema.empty()) {
    name.schema = state.dataset_name.empty() ? state.pipeline_name + "_dataset" : state.dataset_name;
  }
  const auto& names = destination::capabilities_of(state.destination_url).names;
  if (names.same(name.schema, names.state_schema)) {
    refuse_setting("table_name",
                   fmt::format("table_name {}: schema {} is walbrook's own", plan.table_name, name.schema),
                   "Name another schema.");
  }
  return name;
}

// Returns the output as the destination has stored it, or a new one. Two names are the same if the destination cannot
// tell them apart.
OutputRecord record_of(const postgres::TableName& target, const destination::State& state,
                       const destination::Destination& destination) {
  const auto& names = destination.capabilities().names;
  for (const auto& output : state.outputs) {
    if (!names.same(output.target_schema, target.schema) || !names.same(output.target_name, target.name)) continue;
    if (!output.has_source()) return output;
    throw Error(
        ErrorKind::configuration,
        fmt::format("table_name {}: it is the target table of {} of the source, and nothing else may be written to it",
                    dotted(target.schema, target.name), dotted(output.schema, output.name)),
        "Name another table, or another dataset.",
        {.setting = "table_name", .table = dotted(output.schema, output.name)});
  }
  return {.id = destination::next_output_id(state.outputs),
          .schema = target.schema,
          .name = target.name,
          .target_schema = target.schema,
          .target_name = target.name,
          .state = OutputState::loaded,
          .style = {}};  // the program chooses the names, and no row comes from a change
}

void mark_key(TableSchema& schema, const std::vector<std::string>& key) {
  for (const auto& name : key) {
    const auto found = std::ranges::find(schema.columns, name, &ColumnSchema::name);
    if (found == schema.columns.end()) {
      refuse_setting("primary_key", fmt::format("primary_key: the stream has no column \"{}\"", name),
                     "Names are exact, and a column without a type (Arrow null) is none.");
    }
    if (is_nested(found->type.layout) || found->type.layout == Layout::interval) {
      refuse_setting("primary_key",
                     fmt::format("primary_key: column \"{}\" is {}, whose values \"equal\" does not distinguish", name,
                                 to_string(found->type)),
                     "Take columns of numbers, texts, dates or the like.");
    }
    if (found->in_key)
      refuse_setting("primary_key", fmt::format("primary_key names \"{}\" twice", name), "Name it once.");
    found->in_key = true;
  }
}

class StreamRun {
 public:
  StreamRun(PipelineState& state, ArrowArrayStream* stream, const StreamPlan& plan)
      : state_(state),
        reader_(stream),
        disposition_(disposition_of(plan, destination::capabilities_of(state.destination_url))),
        key_(plan.primary_key),
        target_(target_of(state, plan)),
        forward_(plan.stop, [this] { stop_.request_stop(); }),
        progress_(state.progress, stop_) {}

  LoadInfo run() {
    read_columns();
    destination_ = destination::open_destination(destination_options(state_));
    before_ = destination_->open();
    record_ = record_of(target_, before_, *destination_);
    there_ = record_.columns != nullptr;
    if (there_) check_target();
    set_schema();
    read_rows();
    if (!stop_.stop_requested()) load_or_discard();
    state_.callback_failure = progress_.failure();
    state_.last_load = describe();
    return *state_.last_load;
  }

 private:
  [[nodiscard]] std::string label() const { return dotted(record_.target_schema, record_.target_name); }
  [[nodiscard]] double seconds() const { return std::chrono::duration<double>(steady_clock::now() - began_).count(); }
  // The copy becomes the table, or replaces it.
  [[nodiscard]] bool swaps_in() const { return !there_ || disposition_ == WriteDisposition::replace; }
  // The rows wait in the copy. Otherwise they wait in the spool, and a copy that is swapped in is empty.
  [[nodiscard]] bool copies_rows() const { return swaps_in() && disposition_ != WriteDisposition::merge; }

  // Rows that a program wrote have no source, so a table that was altered or dropped cannot be resynced.
  void check_target() const {
    const auto altered = destination_->inspect({&record_, 1});
    if (altered.empty()) return;
    const bool is_conflict = altered.front().kind == destination::TargetFinding::Kind::name_conflict;
    if (swaps_in() && !is_conflict) return;
    throw Error(ErrorKind::destination, altered.front().reason,
                is_conflict
                    ? "It is not touched. Rename or drop it, or choose another table_name."
                    : "Nothing was written. Restore the table, or write it again with write_disposition \"replace\".",
                {.table = label()});
  }

  void read_columns() {
    arriving_.columns = reader_.columns();
    if (arriving_.columns.empty()) {
      refuse_setting("", "no column of the stream has a type (all are Arrow null)", "A table needs one at least.");
    }
    const auto& limits = destination::capabilities_of(state_.destination_url).values;
    for (const auto& column : arriving_.columns) {
      if (can_hold(limits, column.type)) continue;
      throw Error(ErrorKind::configuration,
                  fmt::format("column \"{}\" of the stream is {}, which the destination does not have", column.name,
                              to_string(column.type)),
                  "Cast it to text in the stream. Nothing was written.", {.column = column.name});
    }
    mark_key(arriving_, key_);
  }

  // Sets the columns of the copy (arriving_) and of the table (record_).
  void set_schema() {
    arriving_.schema = record_.schema;
    arriving_.name = record_.name;
    arriving_.identity = key_.empty() ? ReplicaIdentity::nothing : ReplicaIdentity::key;
    TableSchema whole = arriving_;
    if (!swaps_in()) {
      whole = *record_.columns;
      for (const auto& column : arriving_.columns) {
        const auto* known = whole.find(column.name);
        if (known == nullptr) {
          whole.columns.push_back(column);
        } else if (known->type != column.type) {
          refuse_type(*known, column);
        }
      }
      adds_columns_ = whole.columns.size() > record_.columns->columns.size();
      if (disposition_ == WriteDisposition::merge) {
        whole.identity = ReplicaIdentity::key;
        for (auto& column : whole.columns) column.in_key = std::ranges::find(key_, column.name) != key_.end();
      }
    }
    record_.columns = std::make_shared<const TableSchema>(std::move(whole));
  }

  [[noreturn]] void refuse_type(const ColumnSchema& known, const ColumnSchema& column) const {
    throw Error(ErrorKind::configuration,
                fmt::format("column \"{}\" of {} is {}, and {} in the stream", column.name, label(),
                            destination_->type_name(known.type), destination_->type_name(column.type)),
                "Cast it in the stream, or replace the table.", {.table = label(), .column = column.name});
  }

  void read_rows() {
    const auto schema = std::make_shared<const TableSchema>(arriving_);
    const auto limits = destination_->capabilities().values;
    // It is not known whether the key of a merged row exists.
    const Op op = disposition_ == WriteDisposition::merge ? Op::update : Op::insert;
    progress_.copy_started(label(), -1, -1);
    std::unique_ptr<destination::CopyWriter> copy;
    if (swaps_in()) copy = begin_copy(schema);
    if (!copies_rows()) open_spool();
    std::uint64_t bytes = 0;
    while (!stop_.stop_requested()) {
      auto rows = reader_.next(schema, limits, op);
      if (!rows) break;
      rows_ += rows->rows();
      bytes += rows->bytes();
      if (copies_rows()) {
        copy->append(0, *rows);
      } else {
        const Operation operation = *std::move(rows);
        spool_->put(replication::output_key(record_.id), {}, write_part({Transaction{}}, {&operation, 1}));
      }
      progress_.copy_advanced(label(), rows_, bytes);
    }
    if (copy != nullptr && !stop_.stop_requested()) copy->finish();  // otherwise the copy is dropped
  }

  void open_spool() {
    const auto folder =
        state_.spool_dir.empty() ? destination::default_spool_folder(state_.destination_url) : state_.spool_dir;
    spool_.emplace(replication::FileSpoolOptions{.folder = folder, .max_bytes = state_.max_spool_size});
  }

  [[nodiscard]] std::unique_ptr<destination::CopyWriter> begin_copy(const TableSchemaRef& schema) {
    const destination::CopyTarget target{.output = &record_, .schema = schema};
    return destination_->begin_copy({&target, 1});
  }

  void load_or_discard() {
    try {
      load();
    } catch (const Error&) {
      if (!swaps_in()) throw;
      try {  // an unfinished copy replaces the finished one, and is dropped with its writer
        static_cast<void>(begin_copy(std::make_shared<const TableSchema>(arriving_)));
      } catch (const Error&) {  // NOLINT(bugprone-empty-catch): the next run into that table does it
      }
      throw;
    }
    progress_.copy_finished(label(), rows_, seconds());
  }

  void load() {
    const auto load =
        destination_->begin({.of = destination::AttemptId::Of::program, .number = before_.newest_load + 1});
    if (!swaps_in() && adds_columns_) load->alter(record_, {.columns = record_.columns->columns});
    if (swaps_in()) load->swap_in(record_);
    if (copies_rows()) {
      counts_.written = rows_;
    } else {
      apply_spooled(*load);
    }
    load->put(destination::PutOutput{record_});
    load->put(destination::PutLoad{{.first_commit = {},
                                    .last_commit = {},
                                    .inserts = inserts(),
                                    .updates = updates(),
                                    .deletes = deletes(),
                                    .started = started_,
                                    .tables = nlohmann::json{{label(), inserts() + updates()}}.dump(
                                        -1, ' ', false, nlohmann::json::error_handler_t::replace)}});
    load->commit();
    loaded_ = true;
  }

  void apply_spooled(destination::Transaction& load) {
    std::vector<Part> parts;
    std::size_t bytes = 0;
    const auto apply = [&] {
      std::vector<const RowBatch*> batches;
      for (const auto& part : parts) batches.push_back(&std::get<RowBatch>(part.operations.at(0)));
      const auto counts = destination::apply(load, record_, row_operations(record_.disposition, batches));
      counts_.removed += counts.removed;
      counts_.written += counts.written;
      parts.clear();
      bytes = 0;
    };
    spool_->for_each(replication::output_key(record_.id), [&](std::string_view part) {
      parts.push_back(read_part(part));
      bytes += part.size();
      if (bytes >= applied_bytes) apply();
    });
    if (!parts.empty()) apply();
  }

  // Every removed row corresponds to a written one, unless several rows had the same key.
  [[nodiscard]] std::uint64_t updates() const { return std::min(counts_.removed, counts_.written); }
  [[nodiscard]] std::uint64_t inserts() const { return counts_.written - updates(); }
  [[nodiscard]] std::uint64_t deletes() const { return counts_.removed - updates(); }

  LoadInfo describe() {
    LoadInfo info;
    info.pipeline_name = state_.pipeline_name;
    info.dataset_name = state_.dataset_name;
    info.destination = destination_->name();
    info.stopped = !loaded_;
    const auto now = destination_->read_state();
    if (loaded_) info.load_id = now.newest_load;
    info.batches = loaded_ ? 1 : 0;
    info.tables.push_back({.name = label(),
                           .target = label(),
                           .state = std::string(to_string(OutputState::loaded)),
                           .reason = {},
                           .changes = inserts() + updates() + deletes(),
                           .inserts = inserts(),
                           .updates = updates(),
                           .deletes = deletes()});
    info.schema_changes = schema_changes(before_.outputs, now.outputs, *destination_);
    info.started_at = started_;
    info.seconds = info.apply_seconds = seconds();
    return info;
  }

  PipelineState& state_;
  ArrowRowReader reader_;
  WriteDisposition disposition_;
  std::vector<std::string> key_;
  postgres::TableName target_;
  std::stop_source stop_;
  std::stop_callback<std::function<void()>> forward_;
  RunProgress progress_;
  system_clock::time_point started_ = system_clock::now();
  steady_clock::time_point began_ = steady_clock::now();

  std::unique_ptr<destination::Destination> destination_;
  destination::State before_;
  OutputRecord record_;  // as it will be stored
  TableSchema arriving_;
  bool there_ = false;
  bool adds_columns_ = false;
  bool loaded_ = false;
  std::uint64_t rows_ = 0;  // read from the stream
  std::optional<replication::FileSpool> spool_;
  destination::MergeCounts counts_;
};

}  // namespace

LoadInfo run_stream(PipelineState& state, ArrowArrayStream* stream, const StreamPlan& plan) {
  state.callback_failure = nullptr;
  return StreamRun(state, stream, plan).run();
}

}  // namespace walbrook::api
