#include "destination/filesystem/state_json.h"

#include <array>
#include <chrono>
#include <utility>

#include "base/error.h"

namespace walbrook::destination::filesystem {
namespace {

using nlohmann::json;

constexpr std::array<std::pair<MetadataColumn, std::string_view>, 8> metadata_words = {
    {{MetadataColumn::none, ""},
     {MetadataColumn::lsn, "lsn"},
     {MetadataColumn::commit_time, "commit_time"},
     {MetadataColumn::deletion, "deletion"},
     {MetadataColumn::load_id, "load_id"},
     {MetadataColumn::operation, "operation"},
     {MetadataColumn::sequence, "sequence"},
     {MetadataColumn::unchanged, "unchanged"}}};

std::string text_of(Lsn lsn) {
  return lsn.is_set() ? lsn.to_string() : std::string();
}

Lsn lsn_of(const json& object, const char* name) {
  const std::string text = object.at(name);
  if (text.empty()) return {};
  if (const auto lsn = Lsn::parse(text)) return *lsn;
  throw Error(ErrorKind::destination, "\"" + text + "\" in the manifest is no LSN");
}

json flag(std::optional<bool> value) {
  return value ? json(*value) : json();
}

std::optional<bool> flag_of(const json& object, const char* name) {
  const auto& value = object.at(name);
  return value.is_null() ? std::nullopt : std::optional<bool>(value.get<bool>());
}

std::string_view to_text(AttemptId::Of of) {
  switch (of) {
    case AttemptId::Of::batch:
      return "batch";
    case AttemptId::Of::copies:
      return "copies";
    case AttemptId::Of::program:
      return "program";
    case AttemptId::Of::state:
      break;
  }
  return "state";
}

json to_json(const FileColumn& column) {
  json object = {{"name", column.name}};
  if (!column.source.empty()) object["source"] = column.source;
  if (column.is_overflow) object["overflow"] = true;
  if (column.is_value()) object["type"] = to_string(column.type);
  if (column.in_key) object["key"] = true;
  if (column.is_gone) object["gone"] = true;
  for (const auto& [kind, word] : metadata_words) {
    if (kind == column.metadata && kind != MetadataColumn::none) object["metadata"] = word;
  }
  return object;
}

FileColumn file_column_of(const json& object) {
  FileColumn column{.name = object.at("name"),
                    .source = object.value("source", ""),
                    .is_overflow = object.value("overflow", false),
                    .type = {},
                    .in_key = object.value("key", false),
                    .is_gone = object.value("gone", false)};
  if (column.is_value()) column.type = parse_physical_type(object.at("type"));
  const auto metadata = object.value("metadata", "");
  for (const auto& [kind, word] : metadata_words) {
    if (word == metadata) column.metadata = kind;
  }
  return column;
}

}  // namespace

std::int64_t microseconds_of(WallTime time) {
  return std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count();
}

WallTime time_of(std::int64_t microseconds) {
  return WallTime(std::chrono::microseconds(microseconds));
}

json to_json(const Checkpoint& checkpoint) {
  return {{"slot", checkpoint.slot},
          {"systemid", checkpoint.systemid},
          {"timeline", checkpoint.timeline},
          {"lsn", text_of(checkpoint.lsn)},
          {"publication", checkpoint.publication},
          {"source", checkpoint.source},
          {"selection", selection_to_json(checkpoint.selection)},
          {"origin", checkpoint.origin},
          {"last_commit_lsn", text_of(checkpoint.last.commit_lsn)},
          {"last_xid", checkpoint.last.xid},
          {"last_commit_time_us", checkpoint.last.commit_time},
          {"made_slot", flag(checkpoint.made_slot)},
          {"made_publication", flag(checkpoint.made_publication)}};
}

Checkpoint checkpoint_of(const json& object) {
  return {.slot = object.at("slot"),
          .systemid = object.at("systemid"),
          .timeline = object.at("timeline"),
          .lsn = lsn_of(object, "lsn"),
          .publication = object.at("publication"),
          .source = object.at("source"),
          .selection = selection_from_json(object.at("selection").get<std::string>()),
          .origin = object.at("origin"),
          .last = {.xid = object.at("last_xid"),
                   .commit_lsn = lsn_of(object, "last_commit_lsn"),
                   .commit_time = object.at("last_commit_time_us")},
          .made_slot = flag_of(object, "made_slot"),
          .made_publication = flag_of(object, "made_publication")};
}

json to_json(const LoadRecord& load) {
  return {{"id", load.id},
          {"first_commit_lsn", text_of(load.first_commit)},
          {"last_commit_lsn", text_of(load.last_commit)},
          {"transactions", load.transactions},
          {"inserts", load.inserts},
          {"updates", load.updates},
          {"deletes", load.deletes},
          {"truncates", load.truncates},
          {"copied_rows", load.copied_rows},
          {"started_us", microseconds_of(load.started)},
          {"tables", load.tables}};
}

LoadRecord load_of(const json& object) {
  return {.id = object.at("id"),
          .first_commit = lsn_of(object, "first_commit_lsn"),
          .last_commit = lsn_of(object, "last_commit_lsn"),
          .transactions = object.at("transactions"),
          .inserts = object.at("inserts"),
          .updates = object.at("updates"),
          .deletes = object.at("deletes"),
          .truncates = object.at("truncates"),
          .copied_rows = object.at("copied_rows"),
          .started = time_of(object.at("started_us")),
          .tables = object.at("tables")};
}

json to_json(const TableRecord& table) {
  return {{"oid", table.oid},
          {"schema", table.schema},
          {"name", table.name},
          {"truncates", table.truncates},
          {"leaves_xid", table.leaves_xid},
          {"leaves_at", text_of(table.leaves_at)}};
}

TableRecord table_of(const json& object) {
  return {.oid = object.at("oid"),
          .schema = object.at("schema"),
          .name = object.at("name"),
          .truncates = object.at("truncates"),
          .leaves_xid = object.at("leaves_xid"),
          .leaves_at = lsn_of(object, "leaves_at")};
}

json to_json(const OutputRecord& output) {
  json object = {{"id", output.id.value},
                 {"source", output.source},
                 {"schema", output.schema},
                 {"name", output.name},
                 {"role", output.role},
                 {"disposition", to_string(output.disposition)},
                 {"target_schema", output.target_schema},
                 {"target_name", output.target_name},
                 {"state", to_string(output.state)},
                 {"snapshot_lsn", text_of(output.snapshot_lsn)},
                 {"reason", output.reason},
                 {"fingerprint", output.fingerprint},
                 {"suspect", output.suspect},
                 {"naming", to_string(output.style.naming)},
                 {"metadata", to_string(output.style.metadata)},
                 {"changes_only", output.changes_only},
                 {"by_request", output.suspension.by_request},
                 {"attempts", output.suspension.attempts},
                 {"retry_at_us", microseconds_of(output.suspension.retry_at)},
                 {"resync_where", output.resync_where}};
  if (output.columns != nullptr) object["columns"] = json::parse(walbrook::to_json(*output.columns));
  return object;
}

OutputRecord output_of(const json& object) {
  OutputRecord output{.id = {object.at("id").get<std::uint32_t>()},
                      .source = object.at("source"),
                      .schema = object.at("schema"),
                      .name = object.at("name"),
                      .role = object.at("role"),
                      .disposition = parse_disposition(object.at("disposition").get<std::string>()),
                      .target_schema = object.at("target_schema"),
                      .target_name = object.at("target_name"),
                      .state = parse_output_state(object.at("state").get<std::string>()),
                      .snapshot_lsn = lsn_of(object, "snapshot_lsn"),
                      .reason = object.at("reason"),
                      .fingerprint = object.at("fingerprint"),
                      .suspect = object.at("suspect"),
                      .style = {.naming = parse_naming(object.at("naming").get<std::string>()),
                                .metadata = parse_metadata(object.at("metadata").get<std::string>())},
                      .changes_only = object.at("changes_only"),
                      .suspension = {.by_request = object.at("by_request"),
                                     .attempts = object.at("attempts"),
                                     .retry_at = time_of(object.at("retry_at_us"))},
                      .resync_where = object.at("resync_where")};
  if (const auto columns = object.find("columns"); columns != object.end()) {
    output.columns = std::make_shared<const TableSchema>(table_schema_from_json(columns->dump()));
  }
  return output;
}

json to_json(const FileTable& table) {
  auto columns = json::array();
  for (const auto& column : table.columns) columns.push_back(to_json(column));
  return {{"schema", table.schema},
          {"table", table.table},
          {"keyed", table.keyed},
          {"unchanged", table.unchanged},
          {"columns", std::move(columns)}};
}

FileTable file_table_of(const json& object) {
  FileTable table{.schema = object.at("schema"),
                  .table = object.at("table"),
                  .columns = {},
                  .keyed = object.at("keyed"),
                  .unchanged = object.at("unchanged")};
  for (const auto& column : object.at("columns")) table.columns.push_back(file_column_of(column));
  return table;
}

json to_json(const AttemptId& attempt) {
  return {{"of", to_text(attempt.of)},
          {"load", attempt.number},
          {"first_commit_lsn", text_of(attempt.first_commit)},
          {"last_commit_lsn", text_of(attempt.last_commit)}};
}

}  // namespace walbrook::destination::filesystem
