// Frames of pgoutput as a server would send them, for tests of the code after the decoder.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "postgres/protocol/encoder.h"

namespace walbrook::frames {

using postgres::encode;
inline constexpr postgres::Timestamp at_2000 = postgres::postgres_epoch_us;  // the time of every commit here

inline std::string begin(std::uint32_t xid, Lsn commit_lsn) {
  return encode(postgres::Begin{.final_lsn = commit_lsn, .commit_time = at_2000, .xid = xid});
}

inline std::string commit(Lsn commit_lsn, Lsn end_lsn) {
  return encode(postgres::Commit{.flags = 0, .commit_lsn = commit_lsn, .end_lsn = end_lsn, .commit_time = at_2000});
}

struct FrameColumn {
  std::string name;
  Oid type;
  bool in_key;
};

inline std::string relation(Oid oid, const std::string& name, char identity, const std::vector<FrameColumn>& columns) {
  postgres::Relation relation{
      .xid = 0, .oid = oid, .schema = "public", .name = name, .identity = identity, .columns = {}};
  for (const auto& column : columns) {
    relation.columns.push_back({.in_key = column.in_key, .name = column.name, .type_oid = column.type, .typmod = -1});
  }
  return encode(relation);
}

// A cell: text; nullopt: NULL; "\x01": unchanged.
using Cells = std::vector<std::optional<std::string>>;

inline postgres::TupleBytes tuple(const Cells& cells) {
  using postgres::CellKind;
  std::vector<postgres::Cell> all;
  for (const auto& cell : cells) {
    if (!cell) {
      all.push_back({CellKind::null, {}});
    } else if (*cell == "\x01") {
      all.push_back({CellKind::unchanged, {}});
    } else {
      all.push_back({CellKind::text, *cell});
    }
  }
  return postgres::TupleBytes(all);
}

inline std::string insert(Oid oid, const Cells& cells) {
  return encode(postgres::Insert{.xid = 0, .relation = oid, .after = tuple(cells).tuple()});
}

// `old_kind`: 0, 'K' or 'O'.
inline std::string update(Oid oid, char old_kind, const Cells& before, const Cells& after) {
  const auto old_tuple = tuple(before);
  return encode(postgres::Update{.xid = 0,
                                 .relation = oid,
                                 .old_kind = static_cast<postgres::OldTuple>(old_kind),
                                 .before = old_tuple.tuple(),
                                 .after = tuple(after).tuple()});
}

inline std::string truncate(const std::vector<Oid>& oids) {
  return encode(postgres::Truncate{.xid = 0, .relations = oids, .cascade = false, .restart_identity = false});
}

}  // namespace walbrook::frames
