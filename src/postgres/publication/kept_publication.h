// Walbrook's own publication, kept as it must be: it publishes what it was made for, and no table whose UPDATE or
// DELETE the source would refuse for want of a replica identity.
//
// It is looked at where a run begins and with every catalog poll. A publication that somebody else made is only read.
#pragma once

#include <chrono>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "postgres/publication/own_publication.h"
#include "postgres/publication/publication.h"

namespace walbrook::postgres {

// What walbrook's own publication lacks and has too much of.
struct PublicationGap {
  std::vector<LeftOutTable> left_out;       // by schema and name
  std::vector<const SourceTable*> lacking;  // of those the ones that are published; points into the Publication
  std::vector<PublishableTable> joining;    // not published yet, and can be
};
// `asked`: the tables that the user named. Looks only.
[[nodiscard]] PublicationGap find_gap(Connection& catalog, const Publication& now, const OwnMark& mark,
                                      const std::vector<TableName>& asked);

class KeptPublication {
 public:
  // `known` are the tables that were published when the last run looked: one of them that is not published now was
  // taken out by hand, and is not added again.
  KeptPublication(std::string name, std::vector<TableName> asked, std::set<Oid> known)
      : name_(std::move(name)), asked_(std::move(asked)), published_(std::move(known)) {}

  // The publication as it is now, after what it lacked was added and what it must not publish was taken out; with
  // `left_out`, `joined` and `is_incomplete`. nullopt: there is none. What the role may not change is logged once, with
  // the SQL.
  [[nodiscard]] std::optional<Publication> read(Connection& catalog);
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  // How many tables were.
  std::size_t take_out(Connection& catalog, const PublicationGap& gap);
  std::size_t add(Connection& catalog, const PublicationGap& gap);
  bool change(Connection& catalog, const std::string& sql, const std::string& what);
  void report_left_out(const std::vector<LeftOutTable>& tables);

  std::string name_;
  std::vector<TableName> asked_;
  std::set<Oid> published_;  // when it was last looked at
  std::set<Oid> taken_out_;  // by hand
  std::set<Oid> joined_;     // added here
  std::set<std::string> logged_;
  std::map<std::string, std::chrono::steady_clock::time_point> refused_;  // SQL that the role may not run, and when
};

}  // namespace walbrook::postgres
