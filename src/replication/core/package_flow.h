// The two ends of what lies between receiver and loader. Packages leave in the order in which they came.
#pragma once

#include <optional>

#include "model/load_package.h"

namespace walbrook::replication {

// The receiver's end.
class PackageSink {
 public:
  PackageSink() = default;
  PackageSink(const PackageSink&) = delete;
  PackageSink& operator=(const PackageSink&) = delete;
  virtual ~PackageSink() = default;

  // False: there is no room now; the package is untouched, and the receiver is woken once there is.
  [[nodiscard]] virtual bool try_push(LoadPackage& package) = 0;
  // REQUIRES: every commit before `position` was pushed, and no transaction is open.
  virtual void set_idle_position(Lsn position) = 0;
  // Nothing is queued and nothing in hand: what was pushed is durable, and the loader waits for more.
  [[nodiscard]] virtual bool drained() const = 0;
};

// The loader's end.
class PackageFeed {
 public:
  PackageFeed() = default;
  PackageFeed(const PackageFeed&) = delete;
  PackageFeed& operator=(const PackageFeed&) = delete;
  virtual ~PackageFeed() = default;

  struct Taken {
    std::optional<LoadPackage> package;
    Lsn idle_position;    // with no package: everything before it is durable once the loader's hands are empty
    bool closed = false;  // with no package: none will come
  };
  // Does not wait. The package counts as in hand until `finished`.
  [[nodiscard]] virtual Taken take() = 0;
  virtual void finished() = 0;
};

}  // namespace walbrook::replication
