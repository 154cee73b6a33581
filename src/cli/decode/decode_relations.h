// The relations and types that a stream has announced, so that rows can be shown by name.
//
// What is announced in a block of a streamed transaction counts for that transaction alone until it is committed or
// prepared, and is forgotten when it is rolled back: the server keeps account in the same way.
#pragma once

#include <map>
#include <string>

#include "model/table_schema.h"
#include "postgres/protocol/message.h"

namespace walbrook::cli {

class AnnouncedRelations {
 public:
  // Every message of the stream in turn.
  void learn(const postgres::Message& message);

  // As the message at hand means it; nullptr when it was not announced.
  [[nodiscard]] const TableSchema* find(Oid relation) const;
  // "numeric(12,2)", "public.mood"; "type 4711" when nothing is known of it.
  [[nodiscard]] std::string type_name(Oid type, std::int32_t typmod) const;

 private:
  using Relations = std::map<Oid, TableSchema>;
  void learn_relation(const postgres::Relation& relation);
  void commit_stream(std::uint32_t xid);  // from now on for everybody

  Relations relations_;
  std::map<std::uint32_t, Relations> of_streams_;  // by top-level xid
  std::uint32_t stream_ = 0;                       // whose block is open; 0: none
  std::map<Oid, std::string> types_;
};

}  // namespace walbrook::cli
