// A forwarder between the command and a server's port, which on demand swallows what either side sends, as a middlebox
// that has forgotten a connection does: nobody is told.
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
  // Nothing is forwarded from here on, in either direction, of any connection; new ones are accepted and hear nothing.
  void swallow() { swallows_ = true; }
  // As `swallow`, once the server has sent this many more bytes.
  void swallow_after(std::int64_t bytes);
  // As `swallow`, once a client sends this text, which the server still gets.
  void swallow_after(const std::string& text);
  [[nodiscard]] bool swallows() const { return swallows_; }
  // New connections are forwarded again. Those from before stay dead.
  void forward_again();
  // Ahead of the next bytes from the server of a connection over which `text` was sent by the client before.
  void inject(const std::string& bytes, const std::string& after_text);

 private:
  struct Pair {
    int client = -1;
    int server = -1;
    bool dead = false;         // nothing of it is forwarded any more
    bool server_gone = false;  // it has closed its end, which the client does not learn
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
  std::mutex mutex_;  // guards what follows
  std::int64_t bytes_left_ = -1;
  std::string trigger_;
  std::string injection_, injected_after_;
  std::list<Pair> pairs_;
  std::thread thread_;
};

}  // namespace walbrook::test
