#include "cli/decode/decode_message.h"

#include <fmt/format.h>

#include "base/utf8.h"
#include "postgres/values/value_text.h"

namespace walbrook::cli {
namespace {

using namespace postgres;
using nlohmann::ordered_json;

ordered_json value_of(const Cell& cell, const ColumnSchema* column) {
  if (cell.kind == CellKind::null) return nullptr;
  if (cell.kind == CellKind::text) return std::string(cell.bytes);
  if (column != nullptr) {
    if (auto text = binary_to_text(column->type_oid, cell.bytes)) return *std::move(text);
  }
  return {{"hex", to_hex(cell.bytes).substr(2)}};
}

std::string_view identity_name(ReplicaIdentity identity) {
  switch (identity) {
    case ReplicaIdentity::key:
      return "default";
    case ReplicaIdentity::nothing:
      return "nothing";
    case ReplicaIdentity::full:
      return "full";
    case ReplicaIdentity::index:
      return "index";
  }
  return "unknown";
}

// Adds the fields of each message after "lsn" and "kind", in the order that reads best.
class Description {
 public:
  Description(ordered_json& out, const AnnouncedRelations& relations) : out_(out), relations_(relations) {}

  void operator()(const Begin& begin) {
    put("xid", begin.xid);
    put("commit_lsn", begin.final_lsn);
    put_time("commit_time", begin.commit_time);
  }
  void operator()(const Commit& commit) { put_commit(commit); }
  void operator()(const Origin& origin) {
    put("name", origin.name);
    put("origin_lsn", origin.commit_lsn);
  }
  void operator()(const Relation& relation);
  void operator()(const Type& type) {
    put_xid(type.xid);
    put("schema", type.schema.empty() ? "pg_catalog" : type.schema);
    put("name", type.name);
    put("oid", type.oid);
  }
  void operator()(const Insert& insert) {
    put_xid(insert.xid);
    put_table(insert.relation);
    put_row("after", insert.after);
  }
  void operator()(const Update& update) {
    put_xid(update.xid);
    put_table(update.relation);
    put_old(update.old_kind, update.before);
    put_row("after", update.after);
  }
  void operator()(const Delete& deletion) {
    put_xid(deletion.xid);
    put_table(deletion.relation);
    put_old(deletion.old_kind, deletion.before);
  }
  void operator()(const postgres::Truncate& truncate);
  void operator()(const LogicalMessage& message) {
    put_xid(message.xid);
    put("prefix", message.prefix);
    if (is_utf8(message.content)) {
      put("content", message.content);
    } else {
      out_["content"] = {{"hex", to_hex(message.content).substr(2)}};
    }
    out_["transactional"] = message.transactional;
    put("message_lsn", message.lsn);
  }
  void operator()(const StreamStart& start) {
    put("xid", start.xid);
    out_["first_segment"] = start.first_segment;
  }
  void operator()(const StreamStop& /*stop*/) {}
  void operator()(const StreamCommit& commit) {
    put("xid", commit.xid);
    put_commit(commit);
  }
  void operator()(const StreamAbort& abort) {
    put("xid", abort.xid);
    put("subxid", abort.subxid);
    if (!abort.abort_lsn.is_set()) return;
    put("abort_lsn", abort.abort_lsn);
    put_time("abort_time", abort.abort_time);
  }
  void operator()(const BeginPrepare& begin) { put_prepare(begin); }
  void operator()(const Prepare& prepare) { put_prepare(prepare); }
  void operator()(const StreamPrepare& prepare) { put_prepare(prepare); }
  void operator()(const CommitPrepared& commit) {
    put("xid", commit.xid);
    put("gid", commit.gid);
    put_commit(commit);
  }
  void operator()(const RollbackPrepared& rollback) {
    put("xid", rollback.xid);
    put("gid", rollback.gid);
    put("prepare_end_lsn", rollback.prepare_end_lsn);
    put("rollback_end_lsn", rollback.rollback_end_lsn);
    put_time("prepare_time", rollback.prepare_time);
    put_time("rollback_time", rollback.rollback_time);
  }

 private:
  void put(const char* key, Lsn lsn) { out_[key] = lsn.to_string(); }
  void put(const char* key, std::uint32_t number) { out_[key] = number; }
  void put(const char* key, std::string_view text) { out_[key] = text; }
  void put_time(const char* key, Timestamp time) { out_[key] = to_text(time); }
  void put_xid(std::uint32_t xid) {
    if (xid != 0) put("xid", xid);
  }
  template <class AnyCommit>
  void put_commit(const AnyCommit& commit) {
    put("commit_lsn", commit.commit_lsn);
    put("end_lsn", commit.end_lsn);
    put_time("commit_time", commit.commit_time);
  }
  template <class AnyPrepare>
  void put_prepare(const AnyPrepare& prepare) {
    put("xid", prepare.xid);
    put("gid", prepare.gid);
    put("prepare_lsn", prepare.prepare_lsn);
    put("end_lsn", prepare.end_lsn);
    put_time("prepare_time", prepare.prepare_time);
  }
  void put_table(Oid relation);
  void put_old(OldTuple kind, const Tuple& before) {
    if (kind == OldTuple::key) put_row("key", before);
    if (kind == OldTuple::full) put_row("before", before);
  }
  void put_row(const std::string& which, const Tuple& tuple);

  ordered_json& out_;
  const AnnouncedRelations& relations_;
  const TableSchema* table_ = nullptr;  // of the current rows
};

void Description::operator()(const Relation& relation) {
  put_xid(relation.xid);
  put_table(relation.oid);
  put("oid", relation.oid);
  put("identity", identity_name(static_cast<ReplicaIdentity>(relation.identity)));
  auto& columns = out_["columns"] = ordered_json::array();
  for (const auto& column : relation.columns) {
    columns.push_back({{"name", column.name},
                       {"type", relations_.type_name(column.type_oid, column.typmod)},
                       {"key", column.in_key}});
  }
}

void Description::operator()(const postgres::Truncate& truncate) {
  put_xid(truncate.xid);
  auto& tables = out_["tables"] = ordered_json::array();
  for (const Oid oid : truncate.relations) {
    const auto* table = relations_.find(oid);
    tables.push_back(table != nullptr ? table->full_name() : fmt::format("relation {}", oid));
  }
  out_["cascade"] = truncate.cascade;
  out_["restart_identity"] = truncate.restart_identity;
}

void Description::put_table(Oid relation) {
  table_ = relations_.find(relation);
  if (table_ == nullptr) {
    put("oid", relation);
    return;
  }
  put("schema", table_->schema);
  put("table", table_->name);
}

void Description::put_row(const std::string& which, const Tuple& tuple) {
  auto row = ordered_json::object();
  auto unchanged = ordered_json::array();
  auto cells = tuple.cells();
  for (std::size_t i = 0; i < tuple.size(); ++i) {
    const auto* column = table_ != nullptr && i < table_->columns.size() ? &table_->columns[i] : nullptr;
    const auto cell = cells.next();
    if (which == "key" && column != nullptr && !column->in_key) continue;  // not sent
    auto name = column != nullptr ? column->name : fmt::format("${}", i + 1);
    if (cell.kind == CellKind::unchanged) {
      unchanged.push_back(std::move(name));
    } else {
      row[std::move(name)] = value_of(cell, column);
    }
  }
  out_[which] = std::move(row);
  if (!unchanged.empty()) out_[which == "after" ? "unchanged" : "unchanged_" + which] = std::move(unchanged);
}

}  // namespace

ordered_json describe(Lsn lsn, const Message& message, const AnnouncedRelations& relations) {
  ordered_json out = {{"lsn", lsn.to_string()}, {"kind", kind_of(message).name}};
  std::visit(Description(out, relations), message);
  return out;
}

}  // namespace walbrook::cli
