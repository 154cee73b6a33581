// What every session of ours needs from the server, whatever is set for the role, the database, in the environment or
// in a service file: settings that the forms of values depend on, and the database's own encoding.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "base/source_text.h"

namespace walbrook::postgres {

class Connection;

struct SessionSetting {
  const char* name;
  const char* value;      // as SHOW prints it; of datestyle the first word
  int since_version = 0;  // of the server, 170000
};

// Text output is the one that postgres/values/values.h parses; timeouts must end neither a long copy nor the stream,
// and the empty search_path makes names in expressions and regclass values whole, and keeps functions of other people
// out.
[[nodiscard]] std::span<const SessionSetting> session_settings();

// The settings as `options` of the startup packet, for servers of any version: a timeout of the role must not end the
// statement that sets it.
[[nodiscard]] std::string startup_options();

// Sets them and looks at what they are then. The startup packet is not enough: libpq sends PGDATESTYLE and PGTZ after
// `options`, a login trigger (17) runs after all of it, and a pooler may drop `options`. Throws
// Error(source_not_ready) for one that is otherwise afterwards.
void require_settings(Connection& connection, std::span<const SessionSetting> settings);

// Has text sent as the database stores it, where that is neither UTF8 nor an encoding of several bytes a character, and
// returns how it is converted; nullptr where the server converts. For encodings of one byte a character it asks the
// server for each character from 128 on, once for all connections of an endpoint.
[[nodiscard]] std::shared_ptr<const SourceText> use_own_encoding(Connection& connection);

// The same for the encodings of several bytes a character, whose characters are asked for as they come; nullptr for
// UTF8.
[[nodiscard]] std::shared_ptr<const SourceText> use_multibyte_encoding(Connection& connection);

}  // namespace walbrook::postgres
