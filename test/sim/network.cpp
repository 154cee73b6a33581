#include "test/sim/network.h"

#include <algorithm>

#include "base/error.h"
#include "base/fault.h"

namespace walbrook::sim {
namespace {

class Connection final : public postgres::ChangeReader {
 public:
  Connection(Server& server, Network& network, const DecodingOptions& options, Random random)
      : server_(server),
        network_(network),
        begins_at_(options.begins_at),
        connected_(network.broken),
        decoding_(server, options, random) {}

  postgres::Poll poll(postgres::Frame& out) override {
    require_connected();
    if (network_.frames == 0) {
      server_.tally->add(Happening::frames_held_back);
      return postgres::Poll::idle;
    }
    auto frame = decoding_.next_frame();
    if (network_.tells_position) position_ = std::max(position_, decoding_.position());
    if (!frame) return postgres::Poll::idle;
    --network_.frames;
    frame_ = *std::move(frame);
    out = {.lsn = decoding_.position(), .bytes = frame_};
    return postgres::Poll::frame;
  }
  void wait_until(SteadyTime) override { require_connected(); }
  void interrupt() override {}
  [[nodiscard]] Lsn begins_at() const override { return begins_at_; }
  [[nodiscard]] Lsn position() const override { return position_; }
  void confirm(Lsn durable) override {
    require_connected();
    if (!durable.is_set()) return;
    if (durable > server_.slot.confirmed) fault::hit("before_confirm");
    network_.confirmed(durable);
    if (durable <= server_.slot.confirmed) return;
    server_.slot.confirmed = durable;
    fault::hit("after_confirm");
  }

 private:
  void require_connected() const {
    if (connected_ != network_.broken) throw Error(ErrorKind::connection, "the connection was lost");
  }

  Server& server_;
  Network& network_;
  Lsn begins_at_;
  std::uint64_t connected_;
  Decoding decoding_;
  Lsn position_;
  std::string frame_;
};

}  // namespace

std::unique_ptr<postgres::ChangeReader> open_connection(Server& server, Network& network,
                                                        const DecodingOptions& options, Random random) {
  return std::make_unique<Connection>(server, network, options, random);
}

}  // namespace walbrook::sim
