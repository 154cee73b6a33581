// Random messages of every kind from a seed, with everything that their fields can hold: odd names, extreme numbers,
// tuples of 0 to 32,767 columns, large values.
#pragma once

#include <deque>
#include <random>
#include <string>
#include <vector>

#include "postgres/protocol/encoder.h"
#include "postgres/protocol/message.h"

namespace walbrook::postgres {

class MessageGenerator {
 public:
  explicit MessageGenerator(std::uint64_t seed) : random_(seed) {}

  // Returns any version, inside or outside of a block.
  Wire wire();
  // Returns a message of a kind that may come over this wire. Its views are valid until the next call.
  Message message(const Wire& wire);
  // Returns a message of the kind of this index in Message.
  Message message(std::size_t kind, const Wire& wire);

 private:
  std::uint64_t below(std::uint64_t end) { return random_() % end; }
  std::uint32_t number();
  Lsn lsn();
  Timestamp time();
  std::uint32_t xid() { return number() | 1U; }
  std::uint32_t block_xid(const Wire& wire) { return wire.in_stream ? xid() : 0; }
  std::string_view name();
  std::string_view value();
  Tuple tuple();
  Relation relation(const Wire& wire);
  Truncate truncate(const Wire& wire);
  template <class Prepared>
  Prepared prepared();

  std::mt19937_64 random_;
  std::deque<std::string> texts_;  // what the last message's views show
  std::deque<TupleBytes> tuples_;  //
};

}  // namespace walbrook::postgres
