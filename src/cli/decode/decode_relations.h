// The relations and types that a stream has announced, which rows are shown by.
//
// A relation announced in a block of a streamed transaction is known to that transaction alone until it is committed or
// prepared, and is forgotten if the transaction is rolled back. The server tracks announcements in the same way.
#pragma once

#include <map>
#include <string>

#include "model/table_schema.h"
#include "postgres/protocol/message.h"

namespace walbrook::cli {

class AnnouncedRelations {
 public:
  // Called for every message of the stream in order.
  void learn(const postgres::Message& message);

  // Returns the relation as the current message means it; nullptr: it was not announced.
  [[nodiscard]] const TableSchema* find(Oid relation) const;
  // Returns "numeric(12,2)" or "public.mood"; "type 4711" if the type is unknown.
  [[nodiscard]] std::string type_name(Oid type, std::int32_t typmod) const;

 private:
  using Relations = std::map<Oid, TableSchema>;
  void learn_relation(const postgres::Relation& relation);
  void commit_stream(std::uint32_t xid);  // makes its relations known to all transactions

  Relations relations_;
  std::map<std::uint32_t, Relations> of_streams_;  // by top-level xid
  std::uint32_t stream_ = 0;                       // the xid of the open block; 0: no block is open
  std::map<Oid, std::string> types_;
};

}  // namespace walbrook::cli
