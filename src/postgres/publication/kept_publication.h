// Keeps walbrook's own publication correct: it publishes what it was created for, and no table whose UPDATE or DELETE
// the source would refuse for lack of a replica identity.
//
// The publication is checked when a run begins and with every catalog poll. A publication that somebody else created is
// only read. Of several publications, each that is walbrook's own is checked by itself, and gets no table that another
// one of them publishes.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

#include "postgres/publication/keyless.h"
#include "postgres/publication/own_publication.h"
#include "postgres/publication/publication.h"

namespace walbrook::postgres {

// What walbrook's own publication lacks, and what it should not publish.
struct PublicationGap {
  std::vector<LeftOutTable> left_out;       // sorted by schema and name
  std::vector<const SourceTable*> lacking;  // those of them that are published; points into the Publication
  std::vector<PublishableTable> joining;    // not published yet, but can be
};
// Finds the gap and changes nothing. `asked`: the tables that the user named. `others`: relations that need not join,
// since another publication holds them. The result borrows `now`.
[[nodiscard]] PublicationGap find_gap(Connection& catalog, const Publication& now, const OwnMark& mark,
                                      const std::vector<TableName>& asked, const std::unordered_set<Oid>& others = {});

// A publication of walbrook's own among several, with its gap.
struct OwnPublication {
  std::string name;
  Publication now;
  PublicationGap gap;  // borrows `now`
};
// Returns those of the publications that are walbrook's own. `all` is what read_publication returned for the list. The
// tables that were asked for are looked for in the first of them only.
[[nodiscard]] std::vector<std::unique_ptr<OwnPublication>> find_own(Connection& catalog, const Publication& all,
                                                                    const std::vector<TableName>& asked);

class KeptPublication {
 public:
  // `list`: one publication or several (base/publication_list.h). `known`: the tables that were published when the last
  // run looked. If one of them is not published now, it was taken out by hand and is not added again.
  // `keyless`: the publication of the list that gets tables without replica identity (keyless.h); "" = there is none.
  KeptPublication(std::string list, std::vector<TableName> asked, std::set<Oid> known, std::string keyless = {})
      : list_(std::move(list)), asked_(std::move(asked)), published_(std::move(known)), keyless_(std::move(keyless)) {}

  // Adds what walbrook's own publications lack, takes out what they must not publish, and returns the publications as
  // they are then, with `left_out`, `joined` and `is_incomplete`. Returns nullopt if one does not exist. A change that
  // the role may not make is logged once, with its SQL.
  [[nodiscard]] std::optional<Publication> read(Connection& catalog);
  [[nodiscard]] const std::string& list() const { return list_; }

 private:
  // Completes walbrook's own publications, and returns all publications as they are then.
  std::optional<Publication> keep(Connection& catalog, Publication now,
                                  const std::vector<std::unique_ptr<OwnPublication>>& owned);
  // Sets SourceTable::partial of the tables of the publication for tables without replica identity.
  void mark_partial(Connection& catalog, Publication& now);
  [[nodiscard]] PublishableTable listed_now(Connection& catalog, const LeftOutTable& table) const;
  // What was to be changed in the source, and what was.
  struct Changed {
    std::size_t wanted = 0, done = 0;
  };
  Changed complete(Connection& catalog, OwnPublication& own);
  // These return how many tables they changed.
  std::size_t take_out(Connection& catalog, const OwnPublication& own);
  std::size_t add(Connection& catalog, const OwnPublication& own);
  // Moves tables between the publication and the one for tables without replica identity, and removes from
  // `own.gap` what it has moved.
  Changed move_keyless(Connection& catalog, OwnPublication& own, const KeylessTables& keyless);
  // Returns false if `sql` failed for a reason other than the connection; a later catalog poll tries again.
  bool change(Connection& catalog, const std::string& name, const std::string& sql, const std::string& what);
  void report_left_out(const std::string& name, const std::vector<LeftOutTable>& tables);

  std::string list_;
  std::vector<TableName> asked_;
  std::set<Oid> published_;  // published when it was last read
  std::string keyless_;
  std::set<Oid> taken_out_;  // by hand
  std::set<Oid> joined_;     // added here
  std::set<std::string> logged_;
  std::map<std::string, std::chrono::steady_clock::time_point> refused_;  // SQL that the role may not run, and when
};

}  // namespace walbrook::postgres
