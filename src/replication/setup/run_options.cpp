#include "replication/setup/run_options.h"

#include <utility>

namespace walbrook::replication {
namespace {

// A run that follows is a service that starts with the machine and stays. For another run, somebody waits for its end.
constexpr milliseconds startup_timeout_following{300'000};
constexpr milliseconds startup_timeout_once{5'000};
constexpr milliseconds reconnect_timeout_once{60'000};

}  // namespace

postgres::Endpoint patient_endpoint(const RunOptions& options, std::stop_token stop) {
  const auto usual = options.follow ? startup_timeout_following : startup_timeout_once;
  postgres::EndpointOptions patience{.reread = options.reread_conninfo,
                                     .network_timeout = options.network_timeout,
                                     .startup_timeout = options.startup_timeout.value_or(usual),
                                     .reconnect_timeout = options.reconnect_timeout,
                                     .stop = std::move(stop)};
  if (!options.reconnect_timeout && !options.follow) patience.reconnect_timeout = reconnect_timeout_once;
  return {options.conninfo.conninfo(), std::move(patience)};
}

}  // namespace walbrook::replication
