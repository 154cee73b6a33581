// What really happened in the source, commit by commit. The auditor knows nothing else about the source.
//
// A row is one line of text: its cells in the order of their columns' names, "id=7;note=NULL;". A reader of the ledger
// therefore needs to know nothing of types, keys or identities.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/lsn.h"

namespace walbrook::sim {

struct LedgerEntry {
  std::uint32_t table = 0;  // its OID
  enum class Kind {
    add,        // `added` was inserted
    remove,     // one row equal to `removed` was deleted
    replace,    // one row equal to `removed` became `added`
    wipe,       // TRUNCATE
    reshape,    // from here on the table has `columns` and `rows`: CREATE TABLE, ALTER TABLE
    publish,    // from here on the table is in the publication
    unpublish,  // from here on it is not
  } kind = Kind::add;
  std::string removed;
  std::string added;
  std::vector<std::string> columns;  // sorted
  std::vector<std::string> rows;
  // True if a replica that applies the stream follows this change. False: the table was not published at that time, or
  // its rows changed without a message.
  bool sent = true;
  // Of a reshape that is not sent: a replica may follow it all the same, once it has seen the catalog.
  bool in_place = false;
  // Of a reshape: an event trigger described it at its place in the stream.
  bool described = false;
  bool rewrites = false;  // of a reshape: every row was written again, with other values
};

struct LedgerCommit {
  std::uint32_t xid = 0;
  Lsn commit_lsn;
  Lsn end_lsn;
  std::vector<LedgerEntry> entries;
};

using Ledger = std::vector<LedgerCommit>;  // in commit order

}  // namespace walbrook::sim
