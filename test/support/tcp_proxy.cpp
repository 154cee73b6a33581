#include "test/support/tcp_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>
#include <string_view>
#include <vector>

#include "test/support/loopback.h"

namespace walbrook::test {
namespace {

void write_all(int socket, const char* bytes, std::size_t size) {
  while (size > 0) {
    const auto sent = send(socket, bytes, size, MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes += sent;
    size -= static_cast<std::size_t>(sent);
  }
}

}  // namespace

TcpProxy::TcpProxy(int server_port)
    : server_port_(server_port), listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  auto address = loopback(0);
  socklen_t size = sizeof address;
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listener_, 16) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("the proxy cannot listen");
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { work(); });
}

TcpProxy::~TcpProxy() {
  ends_ = true;
  thread_.join();
  close(listener_);
  for (const auto& pair : pairs_) {
    close(pair.client);
    close(pair.server);
  }
}

void TcpProxy::swallow_after(std::int64_t bytes) {
  const std::lock_guard lock(mutex_);
  bytes_left_ = bytes;
}

void TcpProxy::swallow_after(const std::string& text) {
  const std::lock_guard lock(mutex_);
  trigger_ = text;
}

void TcpProxy::forward_again() {
  const std::lock_guard lock(mutex_);
  for (auto& pair : pairs_) pair.dead = true;
  swallows_ = false;
}

void TcpProxy::inject(const std::string& bytes, const std::string& after_text) {
  const std::lock_guard lock(mutex_);
  injection_ = bytes;
  injected_after_ = after_text;
}

void TcpProxy::accept_one() {
  const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (client < 0) return;
  const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto address = loopback(server_port_);
  if (connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    close(client);
    close(server);
    return;
  }
  pairs_.push_back({.client = client, .server = server, .asked = {}});
}

void TcpProxy::forward(Pair& pair, bool from_client) {
  std::vector<char> bytes(1 << 16);
  const int from = from_client ? pair.client : pair.server;
  const int to = from_client ? pair.server : pair.client;
  const auto size = recv(from, bytes.data(), bytes.size(), 0);
  if (size <= 0) {
    // Swallowed data is not reported to the client. The server is notified when the client disconnects, so that its
    // process ends.
    shutdown(pair.server, SHUT_RDWR);
    if ((pair.dead || swallows_) && !from_client) {
      pair.dead = true;
      pair.server_gone = true;
      return;
    }
    close(pair.client);
    close(pair.server);
    pair.client = pair.server = -1;
    return;
  }
  if (pair.dead || swallows_) return;
  const auto count = static_cast<std::size_t>(size);
  if (from_client) {
    pair.asked.append(bytes.data(), count);
    if (pair.asked.size() > bytes.size()) pair.asked.erase(0, pair.asked.size() - bytes.size());
    write_all(to, bytes.data(), count);
    if (!trigger_.empty() && std::string_view(bytes.data(), count).find(trigger_) != std::string_view::npos) {
      trigger_.clear();
      swallows_ = true;
    }
    return;
  }
  if (!injection_.empty() && pair.asked.find(injected_after_) != std::string::npos) {
    write_all(to, injection_.data(), injection_.size());
    injection_.clear();
  }
  write_all(to, bytes.data(), count);
  if (bytes_left_ >= 0 && (bytes_left_ -= size) < 0) swallows_ = true;
}

void TcpProxy::work() {
  while (!ends_) {
    std::vector<pollfd> watched = {{.fd = listener_, .events = POLLIN, .revents = 0}};
    {
      const std::lock_guard lock(mutex_);
      std::erase_if(pairs_, [](const Pair& pair) { return pair.client < 0; });
      for (const auto& pair : pairs_) {
        watched.push_back({.fd = pair.client, .events = POLLIN, .revents = 0});
        watched.push_back({.fd = pair.server_gone ? -1 : pair.server, .events = POLLIN, .revents = 0});
      }
    }
    if (poll(watched.data(), watched.size(), 20) <= 0) continue;
    const std::lock_guard lock(mutex_);
    std::size_t i = 1;
    for (auto& pair : pairs_) {
      if (i + 1 >= watched.size()) break;
      if (watched[i].revents != 0 && pair.client >= 0) forward(pair, true);
      if (watched[i + 1].revents != 0 && pair.server >= 0) forward(pair, false);
      i += 2;
    }
    if (watched[0].revents != 0) accept_one();
  }
}

}  // namespace walbrook::test
