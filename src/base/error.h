// Errors: the library's Error (walbrook/error.h), and what the command adds to it.
//
// I/O and mistakes of the user throw Error. Pure code on untrusted bytes returns Expected (base/expected.h). An Error
// never holds a password: code that constructs one passes connection strings through mask_secrets first.
#pragma once

#include <array>

#include "base/remedy.h"
#include "walbrook/error.h"

namespace walbrook {

struct FactField {
  std::string_view name;
  std::string ErrorFacts::*field;
};
inline constexpr std::array<FactField, 10> fact_fields = {{{"setting", &ErrorFacts::setting},
                                                           {"server", &ErrorFacts::server},
                                                           {"slot", &ErrorFacts::slot},
                                                           {"publication", &ErrorFacts::publication},
                                                           {"pipeline", &ErrorFacts::pipeline},
                                                           {"destination", &ErrorFacts::destination},
                                                           {"table", &ErrorFacts::table},
                                                           {"column", &ErrorFacts::column},
                                                           {"sqlstate", &ErrorFacts::sqlstate},
                                                           {"lsn", &ErrorFacts::lsn}}};

// The exit code of the command for an error of this kind: 1 failed, 2 configuration, 3 source, 4 destination, 5 data.
[[nodiscard]] int exit_code(ErrorKind kind);

}  // namespace walbrook
