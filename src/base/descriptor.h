// Owns a file descriptor and closes it.
#pragma once

#include <unistd.h>

#include <utility>

namespace walbrook {

class Descriptor {
 public:
  explicit Descriptor(int raw = -1) : raw_(raw) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  Descriptor(Descriptor&& other) noexcept : raw_(std::exchange(other.raw_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(raw_, other.raw_);
    return *this;
  }
  ~Descriptor() {
    if (raw_ >= 0) ::close(raw_);
  }
  [[nodiscard]] int get() const { return raw_; }  // -1 = none

 private:
  int raw_;
};

}  // namespace walbrook
