// Reports the error that ends a command.
#pragma once

#include "base/error.h"
#include "base/log.h"

namespace walbrook::cli {

// Prints `error: cause` and the hint on stderr; with `json` also as the last object on stdout. Returns the exit code.
int report(const Error& error, bool json, LogFormat format);

}  // namespace walbrook::cli
