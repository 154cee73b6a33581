#include "test/unit/postgres/generated_messages.h"

#include <array>
#include <limits>

namespace walbrook::postgres {

Wire MessageGenerator::wire() {
  Wire wire{.protocol = static_cast<int>(1 + below(4))};
  wire.in_stream = wire.protocol >= 2 && below(2) == 0;
  wire.parallel_streaming = wire.protocol >= 4 && below(2) == 0;
  return wire;
}

std::uint32_t MessageGenerator::number() {
  static constexpr std::array<std::uint32_t, 5> extremes = {0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF};
  return below(4) == 0 ? extremes[below(extremes.size())] : static_cast<std::uint32_t>(random_());
}

Lsn MessageGenerator::lsn() {
  return Lsn{below(8) == 0 ? std::numeric_limits<std::uint64_t>::max() : random_() >> below(64)};
}

Timestamp MessageGenerator::time() {
  constexpr auto least = std::numeric_limits<Timestamp>::min() + postgres_epoch_us;  // 0x8000… on the wire
  switch (below(4)) {
    case 0:
      return least;
    case 1:
      return std::numeric_limits<Timestamp>::max();
    default:
      return static_cast<Timestamp>(random_() >> 12U) - postgres_epoch_us;
  }
}

std::string_view MessageGenerator::name() {
  static const std::array<std::string, 9> odd = {"",
                                                 "a",
                                                 "Order Lines",
                                                 "\"quoted\"",
                                                 "o'clock",
                                                 "naïve_😀",
                                                 "line\nfeed\ttab",
                                                 "\xFF\xFE not UTF-8",
                                                 std::string(63, 'n')};
  return odd[below(odd.size())];
}

std::string_view MessageGenerator::value() {
  constexpr std::size_t large = 100'000;
  const auto size = below(100) == 0 ? large : below(20);
  std::string text(size, '\0');
  for (auto& byte : text) byte = static_cast<char>(random_());
  return texts_.emplace_back(std::move(text));
}

Tuple MessageGenerator::tuple() {
  constexpr std::size_t most_columns = 32'767;
  std::size_t columns = below(8);
  if (below(50) == 0) columns = 1600;
  if (below(500) == 0) columns = most_columns;
  std::vector<Cell> cells;
  for (std::size_t i = 0; i < columns; ++i) {
    switch (below(columns > 8 ? 64 : 4)) {
      case 0:
        cells.push_back({CellKind::text, value()});
        break;
      case 1:
        cells.push_back({CellKind::binary, value()});
        break;
      case 2:
        cells.push_back({CellKind::unchanged, {}});
        break;
      default:
        cells.push_back({CellKind::null, {}});
    }
  }
  return tuples_.emplace_back(cells).tuple();
}

Relation MessageGenerator::relation(const Wire& wire) {
  Relation relation{.xid = block_xid(wire),
                    .oid = number(),
                    .schema = name(),
                    .name = name(),
                    .identity = std::string_view("dnfi")[below(4)],
                    .columns = {}};
  const auto columns = below(50) == 0 ? 1600 : below(6);
  for (std::size_t i = 0; i < columns; ++i) {
    relation.columns.push_back(
        {.in_key = below(2) == 0, .name = name(), .type_oid = number(), .typmod = static_cast<std::int32_t>(number())});
  }
  return relation;
}

Truncate MessageGenerator::truncate(const Wire& wire) {
  Truncate truncate{
      .xid = block_xid(wire), .relations = {}, .cascade = below(2) == 0, .restart_identity = below(2) == 0};
  for (auto count = below(6); count > 0; --count) truncate.relations.push_back(number());
  return truncate;
}

// Prepare, Commit Prepared, Stream Prepare: they differ only in the names of their fields.
template <class Prepared>
Prepared MessageGenerator::prepared() {
  return {0, lsn(), lsn(), time(), number(), name()};
}

Message MessageGenerator::message(const Wire& wire) {
  for (;;) {
    const auto kind = below(message_kinds.size());
    if (message_kinds[kind].protocol <= wire.protocol) return message(kind, wire);
  }
}

Message MessageGenerator::message(std::size_t kind, const Wire& wire) {
  texts_.clear();
  tuples_.clear();
  switch (message_kinds[kind].byte) {
    case 'B':
      return Begin{.final_lsn = lsn(), .commit_time = time(), .xid = number()};
    case 'C':
      return Commit{.flags = 0, .commit_lsn = lsn(), .end_lsn = lsn(), .commit_time = time()};
    case 'O':
      return Origin{.commit_lsn = lsn(), .name = name()};
    case 'R':
      return relation(wire);
    case 'Y':
      return Type{.xid = block_xid(wire), .oid = number(), .schema = name(), .name = name()};
    case 'I':
      return Insert{.xid = block_xid(wire), .relation = number(), .after = tuple()};
    case 'U': {
      static constexpr std::array<OldTuple, 3> kinds = {OldTuple::none, OldTuple::key, OldTuple::full};
      const auto old_kind = kinds[below(kinds.size())];
      return Update{.xid = block_xid(wire),
                    .relation = number(),
                    .old_kind = old_kind,
                    .before = old_kind == OldTuple::none ? Tuple() : tuple(),
                    .after = tuple()};
    }
    case 'D':
      return Delete{.xid = block_xid(wire),
                    .relation = number(),
                    .old_kind = below(2) == 0 ? OldTuple::key : OldTuple::full,
                    .before = tuple()};
    case 'T':
      return truncate(wire);
    case 'M':
      return LogicalMessage{
          .xid = block_xid(wire), .transactional = below(2) == 0, .lsn = lsn(), .prefix = name(), .content = value()};
    case 'S':
      return StreamStart{.xid = xid(), .first_segment = below(2) == 0};
    case 'E':
      return StreamStop{};
    case 'c':
      return StreamCommit{.xid = xid(), .flags = 0, .commit_lsn = lsn(), .end_lsn = lsn(), .commit_time = time()};
    case 'A': {
      StreamAbort abort{.xid = xid(), .subxid = xid(), .abort_lsn = {}, .abort_time = 0};
      if (wire.parallel_streaming) {
        abort.abort_lsn = lsn();
        abort.abort_time = time();
      }
      return abort;
    }
    case 'b':
      return BeginPrepare{
          .prepare_lsn = lsn(), .end_lsn = lsn(), .prepare_time = time(), .xid = number(), .gid = name()};
    case 'P':
      return prepared<Prepare>();
    case 'K':
      return prepared<CommitPrepared>();
    case 'r':
      return RollbackPrepared{.flags = 0,
                              .prepare_end_lsn = lsn(),
                              .rollback_end_lsn = lsn(),
                              .prepare_time = time(),
                              .rollback_time = time(),
                              .xid = number(),
                              .gid = name()};
    default:
      return prepared<StreamPrepare>();
  }
}

}  // namespace walbrook::postgres
