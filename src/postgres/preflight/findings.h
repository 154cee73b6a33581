// The findings of a preflight, which its parts add one by one.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "postgres/connection/outage.h"
#include "postgres/preflight/preflight.h"

namespace walbrook::postgres {

class Findings {
 public:
  void ok(std::string topic, std::string what) { add({Severity::ok, std::move(topic), std::move(what), {}}); }
  void note(std::string topic, std::string what, Remedy remedy = {}) {
    add({Severity::note, std::move(topic), std::move(what), std::move(remedy)});
  }
  void warning(std::string topic, std::string what, Remedy remedy) {
    add({Severity::warning, std::move(topic), std::move(what), std::move(remedy)});
  }
  // Adds a warning about a table that a run leaves out or suspends, and that the run reports as well.
  void reported_warning(std::string topic, std::string what, Remedy remedy) {
    add({.severity = Severity::warning,
         .topic = std::move(topic),
         .what = std::move(what),
         .remedy = std::move(remedy),
         .run_reports_it = true});
  }
  void error(std::string topic, std::string what, Remedy remedy, ErrorKind kind = ErrorKind::source_not_ready,
             ErrorFacts facts = {}) {
    add({Severity::error, std::move(topic), std::move(what), std::move(remedy), kind, std::move(facts)});
  }
  // Adds an error of one table, which a run suspends.
  void table_error(std::string topic, std::string what, Remedy remedy) {
    add({.severity = Severity::error,
         .topic = std::move(topic),
         .what = std::move(what),
         .remedy = std::move(remedy),
         .kind = ErrorKind::data,
         .run_reports_it = true,
         .concerns_table = true});
  }
  void error(std::string topic, const Error& failed) {
    error(std::move(topic), failed.cause(), failed.remedy(), failed.kind(), failed.facts());
  }
  // Rethrows `failed` if it is Stopped, or if it is a WaitOver that no earlier error explains.
  // REQUIRES: `failed` is being handled.
  void wait_failed(const Error& failed) const {
    const bool explained =
        std::ranges::any_of(findings_, [](const Finding& finding) { return finding.severity == Severity::error; });
    const bool is_over = dynamic_cast<const WaitOver*>(&failed) != nullptr;
    if (dynamic_cast<const Stopped*>(&failed) != nullptr || (is_over && !explained)) throw;
  }
  [[nodiscard]] std::vector<Finding> take() { return std::move(findings_); }

 private:
  void add(Finding finding) { findings_.push_back(std::move(finding)); }
  std::vector<Finding> findings_;
};

}  // namespace walbrook::postgres
