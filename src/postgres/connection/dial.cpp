// libpq waits for the name service without a limit that can be set, and that wait cannot be ended. So names are looked
// up first, in a thread that can be left alone, and libpq is given addresses. If one of several addresses is silent,
// the attempt is repeated without it, because PQconnectPoll cannot skip one.
//
// Threads: each lookup has its own thread, which shares only its answer and may outlive the caller.
#include "postgres/connection/dial.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>

#include <algorithm>
#include <charconv>
#include <future>
#include <thread>
#include <utility>
#include <vector>

#include "postgres/connection/connect_failure.h"

namespace walbrook::postgres {
namespace {

using std::chrono::steady_clock;

constexpr milliseconds dial_interval(100);  // how late a stop may be noticed

struct Address {
  std::string host, hostaddr, port;
};

std::vector<std::string> split_list(const std::string& list) {
  std::vector<std::string> items;
  std::size_t begin = 0;
  while (true) {
    const auto end = list.find(',', begin);
    items.push_back(list.substr(begin, end - begin));
    if (end == std::string::npos) return items;
    begin = end + 1;
  }
}

// The lists are as in libpq's conninfo_array: of equal length, except that a single port applies to all.
std::vector<Address> addresses_of(const ConnectionParameters& resolved) {
  const auto hosts = split_list(parameter(resolved, "host"));
  const auto given = split_list(parameter(resolved, "hostaddr"));
  const auto ports = split_list(parameter(resolved, "port"));
  std::vector<Address> addresses(std::max(hosts.size(), given.size()));
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    if (i < hosts.size()) addresses[i].host = hosts[i];
    if (i < given.size()) addresses[i].hostaddr = given[i];
    addresses[i].port = ports.size() == 1 ? ports[0] : i < ports.size() ? ports[i] : "";
  }
  return addresses;
}

bool has_name_to_look_up(const Address& address) {
  const auto& host = address.host;
  if (!address.hostaddr.empty() || host.empty() || host.starts_with('/') || host.starts_with('@')) return false;
  in6_addr numeric{};
  return inet_pton(AF_INET, host.c_str(), &numeric) != 1 && inet_pton(AF_INET6, host.c_str(), &numeric) != 1;
}

struct Lookup {
  int error = 0;
  std::vector<std::string> found;
};

Lookup look_up(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int error = getaddrinfo(host.c_str(), nullptr, &hints, &list);
  std::vector<std::string> found;
  for (const auto* each = list; each != nullptr; each = each->ai_next) {
    std::string numeric(NI_MAXHOST, '\0');
    if (getnameinfo(each->ai_addr, each->ai_addrlen, numeric.data(), static_cast<socklen_t>(numeric.size()), nullptr, 0,
                    NI_NUMERICHOST) == 0) {
      found.emplace_back(numeric.c_str());
    }
  }
  if (list != nullptr) freeaddrinfo(list);
  return {error, std::move(found)};
}

class Dialing {
 public:
  Dialing(const Endpoint& endpoint, const std::string& conninfo, const ConnectionParameters& resolved,
          const ConnectionParameters& added)
      : endpoint_(endpoint), conninfo_(conninfo), added_(added), addresses_(addresses_of(resolved)) {
    int given_s = 0;
    const auto text =
        added.contains("connect_timeout") ? added.at("connect_timeout") : parameter(resolved, "connect_timeout");
    std::from_chars(text.data(), text.data() + text.size(), given_s);
    timeout_ = given_s > 0 ? milliseconds(1000) * given_s : endpoint.options().network_timeout;
    names_addresses_ = std::ranges::any_of(addresses_, has_name_to_look_up);
  }

  OpenedConnection connect() {
    if (names_addresses_) look_up_names();
    while (true) {
      auto connection = start();
      if (poll_until_done(connection.get())) return connection;
      note_silence(connection.get());
      if (addresses_.empty()) throw Error(ErrorKind::connection, failures_);
    }
  }

 private:
  void look_up_names() {
    std::vector<Address> known;
    for (const auto& address : addresses_) {
      if (!has_name_to_look_up(address)) {
        known.push_back(address);
        continue;
      }
      for (auto& numeric : addresses_of_name(address.host)) known.push_back({address.host, numeric, address.port});
    }
    addresses_ = std::move(known);
    if (addresses_.empty()) throw Error(ErrorKind::connection, failures_);
  }

  std::vector<std::string> addresses_of_name(const std::string& host) {
    std::packaged_task<Lookup()> task([host] { return look_up(host); });
    auto answer = task.get_future();
    std::thread(std::move(task)).detach();
    const auto deadline = steady_clock::now() + timeout_;
    while (answer.wait_for(dial_interval) != std::future_status::ready) {
      endpoint_.check_stop("looking up " + host);
      if (steady_clock::now() < deadline) continue;
      failures_ +=
          fmt::format("could not translate host name \"{}\" to address: the name service does not answer\n", host);
      return {};
    }
    auto lookup = answer.get();
    if (lookup.error != 0) {
      failures_ +=
          fmt::format("could not translate host name \"{}\" to address: {}\n", host, gai_strerror(lookup.error));
    }
    return std::move(lookup.found);
  }

  OpenedConnection start() {
    auto parameters = added_;
    // Every list is passed complete, so that none is longer than another.
    std::string hosts, numeric, ports;
    for (const auto& address : addresses_) {
      const auto* separator = &address == addresses_.data() ? "" : ",";
      hosts += separator + address.host;
      numeric += separator + address.hostaddr;
      ports += separator + address.port;
    }
    if (names_addresses_ || dropped_) {
      parameters["host"] = hosts;
      parameters["port"] = ports;
      if (std::ranges::any_of(addresses_, [](const Address& each) { return !each.hostaddr.empty(); }))
        parameters["hostaddr"] = numeric;
    }
    std::vector<const char*> names = {"dbname"};
    std::vector<const char*> values = {conninfo_.c_str()};
    for (const auto& [name, value] : parameters) {
      names.push_back(name.c_str());
      values.push_back(value.c_str());
    }
    names.push_back(nullptr);
    values.push_back(nullptr);
    OpenedConnection connection(PQconnectStartParams(names.data(), values.data(), 1));
    if (!connection) throw Error(ErrorKind::internal, "out of memory while connecting");
    PQsetErrorVerbosity(connection.get(), PQERRORS_VERBOSE);  // only this level shows a refusal's SQLSTATE
    return connection;
  }

  static std::string current(PGconn* connection) {
    const auto text = [](const char* value) { return std::string(value != nullptr ? value : ""); };
    return text(PQhost(connection)) + " " + text(PQhostaddr(connection)) + " " + text(PQport(connection));
  }

  // Returns false if the address that is being tried is silent.
  bool poll_until_done(PGconn* connection) {
    if (PQstatus(connection) == CONNECTION_BAD) return true;
    auto next = PGRES_POLLING_WRITING;
    auto at = current(connection);
    auto deadline = steady_clock::now() + timeout_;
    while (true) {
      endpoint_.check_stop("connecting");
      pollfd socket{.fd = PQsocket(connection),
                    .events = static_cast<short>(next == PGRES_POLLING_READING ? POLLIN : POLLOUT),
                    .revents = 0};
      const int ready = poll(&socket, 1, static_cast<int>(dial_interval.count()));
      if (ready == 0) {
        if (steady_clock::now() >= deadline) return false;
        continue;
      }
      next = PQconnectPoll(connection);
      if (next == PGRES_POLLING_OK || next == PGRES_POLLING_FAILED) return true;
      if (auto now = current(connection); now != at) {
        at = std::move(now);
        deadline = steady_clock::now() + timeout_;
      }
    }
  }

  void note_silence(PGconn* connection) {
    const auto text = [](const char* value) { return std::string(value != nullptr ? value : ""); };
    const auto host = text(PQhost(connection));
    const auto numeric = text(PQhostaddr(connection));
    const auto port = text(PQport(connection));
    failures_ += text(PQerrorMessage(connection));
    failures_ += fmt::format("connection to server at \"{}\", port {} failed: timeout expired\n", host, port);
    auto silent = std::ranges::find_if(addresses_, [&](const Address& each) {
      return each.port == port && (each.hostaddr.empty() ? each.host == host : each.hostaddr == numeric);
    });
    if (silent == addresses_.end()) silent = addresses_.begin();
    addresses_.erase(silent);
    dropped_ = true;
  }

  const Endpoint& endpoint_;
  const std::string& conninfo_;
  const ConnectionParameters& added_;
  std::vector<Address> addresses_;
  milliseconds timeout_{};
  bool names_addresses_ = false;  // some are names, which are looked up here
  bool dropped_ = false;          // some were silent
  std::string failures_;          // the reasons, as libpq words them
};

}  // namespace

std::string parameter(const ConnectionParameters& parameters, const std::string& name) {
  const auto found = parameters.find(name);
  return found == parameters.end() ? std::string() : found->second;
}

OpenedConnection dial(const Endpoint& endpoint, const std::string& conninfo, const ConnectionParameters& resolved,
                      const ConnectionParameters& added) {
  return Dialing(endpoint, conninfo, resolved, added).connect();
}

}  // namespace walbrook::postgres
