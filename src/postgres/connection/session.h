// What every session of walbrook needs from the server, whatever is set for the role, the database, in the environment
// or in a service file: the settings that the forms of values depend on, and the database's own encoding.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "base/source_text.h"

namespace walbrook::postgres {

class Connection;

struct SessionSetting {
  const char* name;
  const char* value;      // as SHOW prints it; for datestyle the first word
  int since_version = 0;  // of the server, as 170000
};

// Returns the settings of every session. With them the text output is the one that postgres/values/values.h parses.
// Timeouts must end neither a long copy nor the stream. The empty search_path makes names in expressions and regclass
// values complete, and keeps other people's functions out.
[[nodiscard]] std::span<const SessionSetting> session_settings();

// Returns the settings as `options` of the startup packet, for servers of any version. They are sent there because a
// timeout of the role must not end the statement that sets it.
[[nodiscard]] std::string startup_options();

// Sets the settings and then checks them. The startup packet is not enough: libpq sends PGDATESTYLE and PGTZ after
// `options`, a login trigger (17) runs after all of it, and a pooler may drop `options`. Throws Error(source_not_ready)
// if a setting has another value afterwards.
void require_settings(Connection& connection, std::span<const SessionSetting> settings);

// Makes the server send text as the database stores it, unless the encoding is UTF8 or has several bytes per character.
// Returns the conversion, or nullptr if the server converts. For an encoding of one byte per character it asks the
// server for each character from 128 on, once for all connections of an endpoint.
[[nodiscard]] std::shared_ptr<const SourceText> use_own_encoding(Connection& connection);

// Does the same for encodings of several bytes per character, whose characters are requested as they occur. Returns
// nullptr for UTF8.
[[nodiscard]] std::shared_ptr<const SourceText> use_multibyte_encoding(Connection& connection);

}  // namespace walbrook::postgres
