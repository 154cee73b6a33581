// Slot, publication and tables as they are now, before anything is read or written: names become tables.
#pragma once

#include <string>
#include <vector>

#include "destination/destination.h"
#include "pipeline/column_hints.h"
#include "source/catalog.h"
#include "source/slot.h"
#include "walbrook/columns.h"

namespace walbrook::api {

class PublishedTables {
 public:
  // Error(source_not_ready): there is no such slot or publication.
  PublishedTables(const std::string& conninfo, const std::string& slot, const std::string& publication);

  // With their schemas; Error names `setting`.
  [[nodiscard]] std::vector<source::TableName> named(const std::vector<source::TableName>& names,
                                                     const std::string& setting) const;
  // Behind `named`. A selection against the columns that are published.
  void check(const std::vector<source::TableName>& included, const destination::Destination& destination);
  // With their schemas.
  [[nodiscard]] std::vector<pipeline::HintedTable> hinted(const std::vector<pipeline::HintedTable>& hints) const;
  // What hints ask for, against the columns that are published. The destination need not be open.
  [[nodiscard]] std::vector<pipeline::WishedTable> wished(const std::vector<pipeline::HintedTable>& hints,
                                                          const destination::Destination& destination);

 private:
  [[nodiscard]] TableSchema schema_of(const source::SourceTable& table, const destination::Destination& destination);

  source::Connection catalog_;
  source::CatalogTypes types_;
  source::Publication publication_;
};

}  // namespace walbrook::api
