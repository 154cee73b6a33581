// Keeps walbrook's own publication correct: it publishes what it was created for, and no table whose UPDATE or DELETE
// the source would refuse for lack of a replica identity.
//
// The publication is checked when a run begins and with every catalog poll. A publication that somebody else created is
// only read.
#pragma once

#include <chrono>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "postgres/publication/own_publication.h"
#include "postgres/publication/publication.h"

namespace walbrook::postgres {

// What walbrook's own publication lacks, and what it should not publish.
struct PublicationGap {
  std::vector<LeftOutTable> left_out;       // sorted by schema and name
  std::vector<const SourceTable*> lacking;  // those of them that are published; points into the Publication
  std::vector<PublishableTable> joining;    // not published yet, but can be
};
// Finds the gap and changes nothing. `asked`: the tables that the user named. The result borrows `now`.
[[nodiscard]] PublicationGap find_gap(Connection& catalog, const Publication& now, const OwnMark& mark,
                                      const std::vector<TableName>& asked);

class KeptPublication {
 public:
  // `known`: the tables that were published when the last run looked. If one of them is not published now, it was taken
  // out by hand and is not added again.
  KeptPublication(std::string name, std::vector<TableName> asked, std::set<Oid> known)
      : name_(std::move(name)), asked_(std::move(asked)), published_(std::move(known)) {}

  // Adds what the publication lacks, takes out what it must not publish, and returns the publication as it is then,
  // with `left_out`, `joined` and `is_incomplete`. Returns nullopt if there is none. A change that the role may not
  // make is logged once, with its SQL.
  [[nodiscard]] std::optional<Publication> read(Connection& catalog);
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  // Both return how many tables they changed.
  std::size_t take_out(Connection& catalog, const PublicationGap& gap);
  std::size_t add(Connection& catalog, const PublicationGap& gap);
  // Returns false if `sql` failed for a reason other than the connection; a later catalog poll tries again.
  bool change(Connection& catalog, const std::string& sql, const std::string& what);
  void report_left_out(const std::vector<LeftOutTable>& tables);

  std::string name_;
  std::vector<TableName> asked_;
  std::set<Oid> published_;  // published when it was last read
  std::set<Oid> taken_out_;  // by hand
  std::set<Oid> joined_;     // added here
  std::set<std::string> logged_;
  std::map<std::string, std::chrono::steady_clock::time_point> refused_;  // SQL that the role may not run, and when
};

}  // namespace walbrook::postgres
