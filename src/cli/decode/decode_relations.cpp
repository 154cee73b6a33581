#include "cli/decode/decode_relations.h"

#include <fmt/format.h>

#include <array>

namespace walbrook::cli {
namespace {

using namespace postgres;

struct NamedType {
  Oid oid;
  std::string_view name;
};
// The common types of pg_type.dat, by the names that PostgreSQL's documentation uses.
constexpr std::array<NamedType, 50> built_in = {{
    {16, "boolean"},
    {17, "bytea"},
    {18, "\"char\""},
    {19, "name"},
    {20, "bigint"},
    {21, "smallint"},
    {23, "integer"},
    {25, "text"},
    {26, "oid"},
    {114, "json"},
    {142, "xml"},
    {600, "point"},
    {650, "cidr"},
    {700, "real"},
    {701, "double precision"},
    {774, "macaddr8"},
    {790, "money"},
    {829, "macaddr"},
    {869, "inet"},
    {1000, "boolean[]"},
    {1001, "bytea[]"},
    {1005, "smallint[]"},
    {1007, "integer[]"},
    {1009, "text[]"},
    {1014, "character[]"},
    {1015, "varchar[]"},
    {1016, "bigint[]"},
    {1021, "real[]"},
    {1022, "double precision[]"},
    {1042, "character"},
    {1043, "varchar"},
    {1082, "date"},
    {1083, "time"},
    {1114, "timestamp"},
    {1115, "timestamp[]"},
    {1182, "date[]"},
    {1184, "timestamptz"},
    {1185, "timestamptz[]"},
    {1186, "interval"},
    {1231, "numeric[]"},
    {1266, "timetz"},
    {1560, "bit"},
    {1562, "bit varying"},
    {1700, "numeric"},
    {2950, "uuid"},
    {2951, "uuid[]"},
    {3614, "tsvector"},
    {3802, "jsonb"},
    {3904, "int4range"},
    {5069, "xid8"},
}};

// Returns what follows the type's name in parentheses.
std::string modifier(Oid type, std::int32_t typmod) {
  if (typmod < 4) return {};
  if (type == type_oid::numeric) {
    const int scale = (((typmod - 4) & 0x7FF) ^ 1024) - 1024;
    return fmt::format("({},{})", ((typmod - 4) >> 16) & 0xFFFF, scale);
  }
  if (type == type_oid::varchar || type == type_oid::bpchar) return fmt::format("({})", typmod - 4);
  return {};
}

}  // namespace

void AnnouncedRelations::learn(const Message& message) {
  if (const auto* relation = std::get_if<Relation>(&message)) {
    learn_relation(*relation);
  } else if (const auto* type = std::get_if<Type>(&message)) {
    types_[type->oid] = fmt::format("{}{}{}", type->schema, type->schema.empty() ? "" : ".", type->name);
  } else if (const auto* start = std::get_if<StreamStart>(&message)) {
    stream_ = start->xid;
  } else if (std::holds_alternative<StreamStop>(message)) {
    stream_ = 0;
  } else if (const auto* commit = std::get_if<StreamCommit>(&message)) {
    commit_stream(commit->xid);
  } else if (const auto* prepare = std::get_if<StreamPrepare>(&message)) {
    commit_stream(prepare->xid);
  } else if (const auto* abort = std::get_if<StreamAbort>(&message)) {
    if (abort->subxid == abort->xid) of_streams_.erase(abort->xid);
  }
}

void AnnouncedRelations::learn_relation(const Relation& relation) {
  TableSchema schema{.oid = relation.oid,
                     .schema = relation.schema.empty() ? "pg_catalog" : std::string(relation.schema),
                     .name = std::string(relation.name),
                     .identity = static_cast<ReplicaIdentity>(relation.identity)};
  for (const auto& column : relation.columns) {
    schema.columns.push_back({.name = std::string(column.name),
                              .type_oid = column.type_oid,
                              .typmod = column.typmod,
                              .in_key = column.in_key});
  }
  auto& relations = stream_ != 0 ? of_streams_[stream_] : relations_;
  relations[relation.oid] = std::move(schema);
}

void AnnouncedRelations::commit_stream(std::uint32_t xid) {
  const auto found = of_streams_.find(xid);
  if (found == of_streams_.end()) return;
  for (auto& [oid, schema] : found->second) relations_[oid] = std::move(schema);
  of_streams_.erase(found);
}

const TableSchema* AnnouncedRelations::find(Oid relation) const {
  if (const auto stream = of_streams_.find(stream_); stream != of_streams_.end()) {
    if (const auto found = stream->second.find(relation); found != stream->second.end()) return &found->second;
  }
  const auto found = relations_.find(relation);
  return found == relations_.end() ? nullptr : &found->second;
}

std::string AnnouncedRelations::type_name(Oid type, std::int32_t typmod) const {
  if (const auto found = types_.find(type); found != types_.end()) return found->second;
  for (const auto& known : built_in) {
    if (known.oid == type) return std::string(known.name) + modifier(type, typmod);
  }
  return fmt::format("type {}", type);
}

}  // namespace walbrook::cli
