// The parts of preflight: each adds its findings.
#pragma once

#include <optional>

#include "postgres/preflight/preflight.h"
#include "postgres/publication/publishing.h"

namespace walbrook::postgres {

class Findings {
 public:
  void ok(std::string topic, std::string what) { add({Severity::ok, std::move(topic), std::move(what), {}}); }
  void note(std::string topic, std::string what, std::string mend = {}) {
    add({Severity::note, std::move(topic), std::move(what), std::move(mend)});
  }
  void warning(std::string topic, std::string what, std::string mend) {
    add({Severity::warning, std::move(topic), std::move(what), std::move(mend)});
  }
  // Of a table that a run leaves out or suspends, and names.
  void reported_warning(std::string topic, std::string what, std::string mend) {
    add({.severity = Severity::warning,
         .topic = std::move(topic),
         .what = std::move(what),
         .mend = std::move(mend),
         .run_reports_it = true});
  }
  void error(std::string topic, std::string what, std::string mend, ErrorKind kind = ErrorKind::source_not_ready,
             ErrorFacts facts = {}) {
    add({Severity::error, std::move(topic), std::move(what), std::move(mend), kind, std::move(facts)});
  }
  // Of one table, which a run suspends.
  void table_error(std::string topic, std::string what, std::string mend) {
    add({.severity = Severity::error,
         .topic = std::move(topic),
         .what = std::move(what),
         .mend = std::move(mend),
         .kind = ErrorKind::data,
         .run_reports_it = true,
         .concerns_table = true});
  }
  void error(std::string topic, const Error& failed) {
    error(std::move(topic), failed.cause(), failed.mend(), failed.kind(), failed.facts());
  }
  [[nodiscard]] std::vector<Finding> take() { return std::move(findings_); }

 private:
  void add(Finding finding) { findings_.push_back(std::move(finding)); }
  std::vector<Finding> findings_;
};

// The publication, or what is needed to create it, and the tables in it.
void check_publication(Connection& catalog, const PreflightRequest& request, bool slot_exists, Findings& found);

// Whose publication it is decides what becomes of a table whose UPDATE and DELETE the source would refuse.
enum class PublicationOwner {
  walbrook,  // made by walbrook, or to be made: it leaves the table out
  user,      // the statements fail
};

// Rights, row security, replica identity and partitions of tables that are published; of `request.tables` alone, where
// some are asked for.
void check_tables(Connection& catalog, std::vector<SourceTable> tables, const PublishedOperations& operations,
                  const PreflightRequest& request, PublicationOwner owner, Findings& found);

}  // namespace walbrook::postgres
