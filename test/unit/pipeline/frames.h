// Frames of pgoutput, protocol version 1, as a server would send them: for tests of what comes behind the decoder.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/lsn.h"
#include "schema/source_type.h"

namespace walbrook::frames {

inline std::string begin(std::uint32_t xid, Lsn commit_lsn) {
  ByteWriter out;
  out.u8('B');
  out.u64(commit_lsn.value);
  out.u64(0);
  out.u32(xid);
  return out.take();
}

inline std::string commit(Lsn commit_lsn, Lsn end_lsn) {
  ByteWriter out;
  out.u8('C');
  out.u8(0);
  out.u64(commit_lsn.value);
  out.u64(end_lsn.value);
  out.u64(0);
  return out.take();
}

struct FrameColumn {
  std::string name;
  Oid type;
  bool in_key;
};

inline std::string relation(Oid oid, const std::string& name, char identity, const std::vector<FrameColumn>& columns) {
  ByteWriter out;
  out.u8('R');
  out.u32(oid);
  out.c_string("public");
  out.c_string(name);
  out.u8(static_cast<std::uint8_t>(identity));
  out.u16(static_cast<std::uint16_t>(columns.size()));
  for (const auto& column : columns) {
    out.u8(column.in_key ? 1 : 0);
    out.c_string(column.name);
    out.u32(column.type);
    out.u32(0xFFFFFFFF);
  }
  return out.take();
}

// A cell: text, nullopt = NULL, "\x01" = unchanged.
using Cells = std::vector<std::optional<std::string>>;

inline void tuple(ByteWriter& out, const Cells& cells) {
  out.u16(static_cast<std::uint16_t>(cells.size()));
  for (const auto& cell : cells) {
    if (!cell) {
      out.u8('n');
    } else if (*cell == "\x01") {
      out.u8('u');
    } else {
      out.u8('t');
      out.u32(static_cast<std::uint32_t>(cell->size()));
      out.bytes(*cell);
    }
  }
}

inline std::string insert(Oid oid, const Cells& cells) {
  ByteWriter out;
  out.u8('I');
  out.u32(oid);
  out.u8('N');
  tuple(out, cells);
  return out.take();
}

// `old_kind`: 0, 'K' or 'O'.
inline std::string update(Oid oid, char old_kind, const Cells& before, const Cells& after) {
  ByteWriter out;
  out.u8('U');
  out.u32(oid);
  if (old_kind != 0) {
    out.u8(static_cast<std::uint8_t>(old_kind));
    tuple(out, before);
  }
  out.u8('N');
  tuple(out, after);
  return out.take();
}

inline std::string truncate(const std::vector<Oid>& oids) {
  ByteWriter out;
  out.u8('T');
  out.u32(static_cast<std::uint32_t>(oids.size()));
  out.u8(0);
  for (const auto oid : oids) out.u32(oid);
  return out.take();
}

}  // namespace walbrook::frames
