#include "test/sim/descriptions.h"

#include <string>
#include <utility>

namespace walbrook::sim {
namespace {

constexpr std::size_t message_record_bytes = 1000;

void send_message(Server& server, Xid xid, Xid subxid, std::string content) {
  server.write({.kind = WalRecord::Kind::change,
                .xid = xid,
                .subxid = subxid,
                .change = Change{.kind = Change::Kind::message, .message = std::move(content)}},
               message_record_bytes);
}

}  // namespace

// Whoever enables triggers by hand waits for open transactions as a run does that creates them.
void enable_trigger(Server& server) {
  server.trigger = {.describes = true, .version = server.next_xid++};
  server.tally->add(Happening::trigger_enabled);
}

void disable_trigger(Server& server) {
  server.trigger.describes = false;
  server.tally->add(Happening::trigger_disabled);
}

nlohmann::json described_columns(const Shape& shape) {
  auto columns = nlohmann::json::array();
  for (const auto& column : shape.columns) {
    columns.push_back({column.number, column.name, column.type, -1, column.version, column.missing.has_value(),
                       column.default_row, 0});
  }
  return columns;
}

void send_description(Server& server, Xid xid, Xid subxid, const CatalogRow& table) {
  if (!server.trigger.describes) return;
  const auto& shape = *table.shape;
  nlohmann::json key = nullptr;
  nlohmann::json missing = nullptr;
  for (const auto& column : shape.columns) {
    if (column.in_primary_key && shape.identity == 'd') key.push_back(column.number);
    if (column.missing) missing[column.name] = *column.missing;
  }
  const nlohmann::json json = {{"table", shape.oid},
                               {"schema", "public"},
                               {"name", shape.name},
                               {"identity", std::string(1, shape.identity)},
                               {"attributes", shape.attributes},
                               {"file", table.file},
                               {"written", {table.written, 0}},
                               {"columns", described_columns(shape)},
                               {"generated", nullptr},
                               {"key", key},
                               {"missing", missing}};
  send_message(server, xid, subxid, json.dump());
  send_message(server, xid, subxid, "");
  server.tally->add(Happening::table_described);
}

void send_rewritten(Server& server, Xid xid, Xid subxid, const CatalogRow& table) {
  if (!server.trigger.describes) return;
  const nlohmann::json json = {{"rewritten", table.shape->oid}, {"schema", "public"}, {"name", table.shape->name}};
  send_message(server, xid, subxid, json.dump());
}

}  // namespace walbrook::sim
