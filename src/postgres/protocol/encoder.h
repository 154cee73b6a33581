// Messages to bytes: the frames that a server would send for them. What decoder.h reads back is equal.
#pragma once

#include <string>
#include <vector>

#include "postgres/protocol/message.h"

namespace walbrook::postgres {

// `wire` as for the decoder: in a streamed block the messages' xids are written, outside of one they are not. Names and
// gids must hold no NUL.
[[nodiscard]] std::string encode(const Message& message, const Wire& wire = {});

// A Tuple made of cells, of which at most 32,767 fit. Owns the bytes that `tuple` borrows.
class TupleBytes {
 public:
  explicit TupleBytes(const std::vector<Cell>& cells);
  [[nodiscard]] Tuple tuple() const { return {size_, bytes_}; }

 private:
  std::uint16_t size_;
  std::string bytes_;
};

}  // namespace walbrook::postgres
