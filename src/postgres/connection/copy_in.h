// Sends rows to a server by COPY … FROM STDIN.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "postgres/connection/connection.h"

namespace walbrook::postgres {

class CopyIn {
 public:
  // Runs `sql`, which begins the COPY. Borrows the connection, which takes no other statement until finish(). `doing`
  // names the action in errors.
  CopyIn(Connection& connection, const std::string& sql, std::string doing);
  CopyIn(const CopyIn&) = delete;
  CopyIn& operator=(const CopyIn&) = delete;
  ~CopyIn();  // makes the COPY fail unless finish() was called

  // Sends bytes of rows. An error of the server may be thrown only by finish().
  void write(std::string_view bytes);
  // Ends the COPY and returns the number of its rows. Throws the server's error.
  std::uint64_t finish();

 private:
  void flush();

  Connection& connection_;
  std::string doing_;
  bool is_open_ = true;
};

}  // namespace walbrook::postgres
