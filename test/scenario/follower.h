// `walbrook run --follow` beside a scenario: started, waited for until it has everything, ended by SIGTERM.
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
  // `killed`: after two commits, and started again; each time it gets twice as far.
  Follower(const Pipeline& pipeline, std::vector<std::string> flags, bool killed);

  // Until it streams and no table waits for a copy; also when it ended by itself.
  void wait_until_begun();
  // Until it has applied what was committed before the call, and has since looked into the catalog. Then it is ended.
  // Its outputs hold those of every start. Throws std::runtime_error when it does not get there.
  [[nodiscard]] ProcessResult finish(const std::string& conninfo);

 private:
  void start();
  // False once it has ended by itself; one that was killed is started again.
  [[nodiscard]] bool runs();
  void wait_until_applied(Lsn committed);
  template <class Condition>
  void wait_until(const std::string& what, const Condition& reached);

  const Pipeline& pipeline_;
  std::vector<std::string> flags_;
  bool killed_;
  int starts_ = 0;
  std::unique_ptr<Process> process_;
  std::string out_, err_;  // of the starts before
};

}  // namespace walbrook::test
