#include "destination/postgres/server_url.h"

#include <fmt/format.h>

#include "base/destination_name.h"
#include "postgres/connection/conninfo.h"

namespace walbrook::destination::postgresql {

std::string conninfo_of(const std::string& url) {
  const auto scheme = url_scheme(url);
  auto rest = std::string_view(url).substr(scheme.size() + 1);
  auto conninfo = rest.starts_with("//") ? url : std::string(rest);
  postgres::check_conninfo(conninfo, "the destination");
  return conninfo;
}

Place place_of_server(const std::string& url) {
  const auto server = postgres::server_place(conninfo_of(url), "the destination");
  const auto shown = fmt::format("{}:{}/{}", server.host, server.port, server.database);
  return {.identity = "postgresql://" + shown, .label = shown, .shown = "postgresql://" + shown, .has_many_runs = true};
}

postgres::Endpoint endpoint_of(const std::string& url) {
  return postgres::Endpoint(conninfo_of(url), postgres::EndpointOptions{});
}

}  // namespace walbrook::destination::postgresql
