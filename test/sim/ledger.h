// What really happened in the source, commit by commit: all that the auditor knows of it.
//
// A row is one line of text: the cells in the order of their columns' names, "id=7;note=NULL;". So whoever reads the
// ledger needs to know nothing of types, keys or identities.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/lsn.h"

namespace walbrook::sim {

struct LedgerEntry {
  std::uint32_t table = 0;  // its OID
  enum class Kind {
    add,        // `added` is there
    remove,     // one row like `removed` went
    replace,    // one row like `removed` became `added`
    wipe,       // TRUNCATE
    reshape,    // the table has `columns` and `rows` from here on: CREATE TABLE, ALTER TABLE
    publish,    // the table is in the publication from here on
    unpublish,  // it no longer is
  } kind = Kind::add;
  std::string removed;
  std::string added;
  std::vector<std::string> columns;  // sorted
  std::vector<std::string> rows;
  // A replica that applies what the stream sends follows this change. False: the table was not published just then, or
  // its rows changed without a message.
  bool sent = true;
};

struct LedgerCommit {
  std::uint32_t xid = 0;
  Lsn commit_lsn;
  Lsn end_lsn;
  std::vector<LedgerEntry> entries;
};

using Ledger = std::vector<LedgerCommit>;  // in commit order

}  // namespace walbrook::sim
