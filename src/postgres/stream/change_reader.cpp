#include "postgres/stream/change_reader.h"

namespace walbrook::postgres {

bool next_frame(ChangeReader& reader, Frame& out) {
  while (true) {
    const auto polled = reader.poll(out);
    if (polled != Poll::idle) return polled == Poll::frame;
    reader.wait_until(reader.answer_due());
  }
}

}  // namespace walbrook::postgres
