// `walbrook run --follow` beside a scenario: it is started, waited for until it has applied everything, and ended by
// SIGTERM.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/lsn.h"
#include "test/support/sql.h"
#include "test/support/walbrook_command.h"

namespace walbrook::test {

class Follower {
 public:
  // `killed`: the run is killed after two commits and started again; each start gets twice as far.
  Follower(const Pipeline& pipeline, std::vector<std::string> flags, bool killed);

  // Waits until the run streams and no table waits for a copy. Also returns if the run ended by itself.
  void wait_until_begun();
  // Waits until the run has applied what was committed before the call and has since polled the catalog, then ends it.
  // The result has the outputs of all starts. Throws std::runtime_error if the run does not get there.
  [[nodiscard]] ProcessResult finish(const std::string& conninfo);

 private:
  void start();
  // Returns false once the run has ended by itself. A run that was killed is started again.
  [[nodiscard]] bool runs();
  void wait_until_applied(Lsn committed);
  template <class Condition>
  void wait_until(const std::string& what, const Condition& reached);

  const Pipeline& pipeline_;
  std::vector<std::string> flags_;
  bool killed_;
  int starts_ = 0;
  std::unique_ptr<Process> process_;
  std::string out_, err_;  // of the earlier starts
};

}  // namespace walbrook::test
