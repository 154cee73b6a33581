#include "destination/duckdb/staging.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

namespace walbrook::destination::duckdb {
namespace {

constexpr std::size_t piece_bytes = std::size_t{1} << 20U;

constexpr const char* of_key = "pipeline = $1 AND kind = $2 AND id = $3 AND subid = $4";

std::string_view kind_name(StageKey::Kind kind) {
  return kind == StageKey::Kind::transaction ? "transaction" : "table";
}

std::int64_t parse(const std::string& digits) {
  std::int64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

}  // namespace

Staging::Staging(Connection& connection, std::string pipeline)
    : connection_(connection),
      pipeline_(std::move(pipeline)),
      table_(connection.database().full_name("_walbrook", "staged")) {}

void Staging::add(const StageKey& key, std::string_view bytes) {
  const auto newest =
      connection_.rows(fmt::format("SELECT coalesce(max(seq), 0)::VARCHAR FROM {} WHERE {}", table_, of_key), pipeline_,
                       kind_name(key.kind), key.id, key.subid);
  const auto seq = parse(*newest.at(0).at(0)) + 1;
  const auto sql = fmt::format("INSERT INTO {} VALUES ($1, $2, $3, $4, $5, $6, $7)", table_);
  std::int64_t piece = 0;
  do {
    const auto part = bytes.substr(0, piece_bytes);
    bytes.remove_prefix(part.size());
    connection_.run(sql, pipeline_, kind_name(key.kind), key.id, key.subid, seq, piece, Blob{part});
    ++piece;
  } while (!bytes.empty());
}

std::string Staging::read(const StageKey& key, const std::string& seq) {
  std::string bytes;
  const auto pieces =
      parse(*connection_
                 .rows(fmt::format("SELECT count(*)::VARCHAR FROM {} WHERE {} AND seq = $5", table_, of_key), pipeline_,
                       kind_name(key.kind), key.id, key.subid, parse(seq))
                 .at(0)
                 .at(0));
  bytes.reserve(static_cast<std::size_t>(pieces) * piece_bytes);
  for (std::int64_t piece = 0; piece < pieces; ++piece) {
    const auto rows =
        connection_.rows(fmt::format("SELECT payload FROM {} WHERE {} AND seq = $5 AND piece = $6", table_, of_key),
                         pipeline_, kind_name(key.kind), key.id, key.subid, parse(seq), piece);
    bytes += *rows.at(0).at(0);
  }
  return bytes;
}

void Staging::for_each(const StageKey& key, const std::function<void(std::string_view)>& sink) {
  const auto seqs =
      connection_.rows(fmt::format("SELECT seq::VARCHAR FROM {} WHERE {} AND piece = 0 ORDER BY seq", table_, of_key),
                       pipeline_, kind_name(key.kind), key.id, key.subid);
  for (const auto& row : seqs) sink(read(key, *row.at(0)));
}

void Staging::discard(const StageKey& key) {
  connection_.run(fmt::format("DELETE FROM {} WHERE {}", table_, of_key), pipeline_, kind_name(key.kind), key.id,
                  key.subid);
}

void Staging::discard_all_transactions() {
  connection_.run(fmt::format("DELETE FROM {} WHERE pipeline = $1 AND kind = 'transaction'", table_), pipeline_);
}

}  // namespace walbrook::destination::duckdb
