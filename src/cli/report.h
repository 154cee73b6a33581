// How a command reports the error that ends it.
#pragma once

#include "base/error.h"
#include "base/log.h"

namespace walbrook::cli {

// `error: cause`, then what to do, on stderr; with `json` the same as the last object on stdout. Returns the exit code.
int report(const Error& error, bool json, LogFormat format);

}  // namespace walbrook::cli
