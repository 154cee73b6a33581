// A forwarder between the command and a server's port. On request it swallows what either side sends without closing
// connections, as a middlebox that has forgotten a connection does.
#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <thread>

namespace walbrook::test {

class TcpProxy {
 public:
  explicit TcpProxy(int server_port);
  TcpProxy(const TcpProxy&) = delete;
  TcpProxy& operator=(const TcpProxy&) = delete;
  ~TcpProxy();

  [[nodiscard]] int port() const { return port_; }
  // From here on forwards nothing in either direction on any connection. New ones are accepted but get no data.
  void swallow() { swallows_ = true; }
  // Does the same once the server has sent this many more bytes.
  void swallow_after(std::int64_t bytes);
  // Does the same once a client sends this text. The server still receives the text.
  void swallow_after(const std::string& text);
  [[nodiscard]] bool swallows() const { return swallows_; }
  // Forwards new connections again. Connections that were swallowed stay dead.
  void forward_again();
  // Inserts `bytes` before the server's next bytes on the connection over which the client has sent `after_text`.
  void inject(const std::string& bytes, const std::string& after_text);

 private:
  struct Pair {
    int client = -1;
    int server = -1;
    bool dead = false;         // nothing is forwarded any more
    bool server_gone = false;  // the server has closed its end; the client is not notified
    std::string asked;         // the last bytes that the client has sent
  };
  void work();
  void accept_one();
  void forward(Pair& pair, bool from_client);

  int server_port_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> swallows_{false};
  std::atomic<bool> ends_{false};
  std::mutex mutex_;  // guards the members below
  std::int64_t bytes_left_ = -1;
  std::string trigger_;
  std::string injection_, injected_after_;
  std::list<Pair> pairs_;
  std::thread thread_;
};

}  // namespace walbrook::test
