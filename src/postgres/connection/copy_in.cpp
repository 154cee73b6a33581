#include "postgres/connection/copy_in.h"

#include <utility>

#include "postgres/connection/server_wait.h"

namespace walbrook::postgres {

CopyIn::CopyIn(Connection& connection, const std::string& sql, std::string doing)
    : connection_(connection), doing_(std::move(doing)) {
  const auto begun = connection_.run(sql, {}, doing_);
  if (PQresultStatus(begun.get()) != PGRES_COPY_IN) throw connection_.failure(begun.get(), doing_);
}

CopyIn::~CopyIn() {
  if (!is_open_) return;
  try {
    if (PQputCopyEnd(connection_.raw(), "given up") == 1) connection_.finish_copy(doing_);
  } catch (const Error&) {  // NOLINT(bugprone-empty-catch): that the COPY failed is what is wanted
  }
}

void CopyIn::flush() {
  ServerWait wait(connection_, doing_);
  while (true) {
    const int left = PQflush(connection_.raw());
    if (left < 0) throw connection_.failure(nullptr, doing_);
    if (left == 0) return;
    wait.once();
  }
}

void CopyIn::write(std::string_view bytes) {
  constexpr std::size_t most_at_once = 1U << 20U;  // libpq keeps what the socket does not take
  while (!bytes.empty()) {
    const auto part = bytes.substr(0, most_at_once);
    const int sent = PQputCopyData(connection_.raw(), part.data(), static_cast<int>(part.size()));
    if (sent < 0) throw connection_.failure(nullptr, doing_);
    if (sent > 0) bytes.remove_prefix(part.size());
    flush();
  }
}

std::uint64_t CopyIn::finish() {
  int ended = 0;
  while ((ended = PQputCopyEnd(connection_.raw(), nullptr)) == 0) flush();
  is_open_ = false;
  if (ended < 0) throw connection_.failure(nullptr, doing_);
  flush();
  ServerWait wait(connection_, doing_);
  Result failed;
  std::uint64_t rows = 0;
  while (auto next = wait.result()) {
    if (PQresultStatus(next.get()) == PGRES_COMMAND_OK) {
      rows = affected_rows(next.get());
    } else if (failed == nullptr) {
      failed = std::move(next);
    }
  }
  if (failed != nullptr) throw connection_.failure(failed.get(), doing_);
  return rows;
}

}  // namespace walbrook::postgres
