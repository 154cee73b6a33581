// Encodes messages into the frames that a server would send for them. Decoding such a frame gives an equal message.
#pragma once

#include <string>
#include <vector>

#include "postgres/protocol/message.h"

namespace walbrook::postgres {

// `wire` is used as by the decoder: the messages' xids are written in a streamed block and omitted outside of one.
// REQUIRES: names and gids hold no NUL.
[[nodiscard]] std::string encode(const Message& message, const Wire& wire = {});

// A Tuple made of cells. Owns the bytes that the result of `tuple` borrows. REQUIRES: there are at most 32,767 cells.
class TupleBytes {
 public:
  explicit TupleBytes(const std::vector<Cell>& cells);
  [[nodiscard]] Tuple tuple() const { return {size_, bytes_}; }

 private:
  std::uint16_t size_;
  std::string bytes_;
};

}  // namespace walbrook::postgres
