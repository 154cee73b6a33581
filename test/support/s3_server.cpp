#include "test/support/s3_server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <stdexcept>
#include <utility>

#include "test/support/loopback.h"

namespace walbrook::test {
namespace {

namespace fs = std::filesystem;

fs::path s3_folder() {
  return fs::path(WALBROOK_SOURCE_DIR) / "build/s3";
}

int free_port_on_loopback() {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  auto address = loopback(0);
  socklen_t size = sizeof(address);
  ::bind(socket, reinterpret_cast<sockaddr*>(&address), size);
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(socket);
  return ntohs(address.sin_port);
}

bool accepts(int port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  const auto address = loopback(port);
  const bool connected = ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  ::close(socket);
  return connected;
}

}  // namespace

S3Server::S3Server(fs::path folder) : folder_(std::move(folder)), port_(free_port_on_loopback()) {
  fs::create_directories(folder_);
}

bool S3Server::is_there() {
  return fs::exists(s3_folder() / "complete");
}

fs::path S3Server::extensions() {
  return s3_folder() / "extensions";
}

void S3Server::start(Manner manner, milliseconds delay) {
  constexpr std::array<const char*, 3> words = {"serves", "refuses_writes", "overloaded"};
  process_ = std::make_unique<Process>(ProcessSpec{
      .argv = {"node", (fs::path(WALBROOK_SOURCE_DIR) / "test/support/s3_server.js").string(), std::to_string(port_),
               folder_.string(), std::to_string(delay.count()), words.at(static_cast<std::size_t>(manner))},
      .env = {{"NODE_PATH", (s3_folder() / "node_modules").string()}}});
  if (!eventually([this] { return accepts(port_); }, milliseconds(20'000))) {
    throw std::runtime_error("the S3 server does not answer: " + process_->err());
  }
}

void S3Server::stop() {
  process_->signal(SIGKILL);
  static_cast<void>(process_->wait(milliseconds(10'000)));
}

std::string S3Server::options() const {
  return fmt::format("?url_style=path&region=us-east-1&endpoint=127.0.0.1:{}&use_ssl=false", port_);
}

Environment S3Server::credentials() {
  return {{"AWS_ACCESS_KEY_ID", account}, {"AWS_SECRET_ACCESS_KEY", account}};
}

std::string S3Server::create_secret() const {
  return fmt::format(
      "CREATE SECRET (TYPE s3, KEY_ID '{0}', SECRET '{0}', REGION 'us-east-1', URL_STYLE 'path', USE_SSL false, "
      "ENDPOINT '127.0.0.1:{1}')",
      account, port_);
}

}  // namespace walbrook::test
