// What all sessions of a destination share: where the server is, its types, the lock by which one process at a time
// writes a pipeline.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>

#include "destination/open_destination.h"
#include "destination/postgres/server_types.h"
#include "destination/postgres/session.h"
#include "destination/postgres/user_types.h"
#include "model/type_definition.h"

namespace walbrook::destination::postgresql {

class Server {
 public:
  Server(const std::string& url, std::string pipeline);

  [[nodiscard]] const std::string& label() const { return label_; }  // "127.0.0.1:5432/shop"
  [[nodiscard]] const std::string& pipeline() const { return pipeline_; }
  [[nodiscard]] std::unique_ptr<Session> open_session() const { return std::make_unique<Session>(endpoint_); }
  // Reads the types again, for a session that was opened.
  void read_types(Session& session);
  // Of `types`, columns cannot have those in `unfit`. The next read_types leaves these out.
  void note_types(std::span<const TypeDefinition> types, const UnfitTypes& unfit);
  // REQUIRES: read_types was called. The result stays valid, whoever reads the types again.
  [[nodiscard]] std::shared_ptr<const ServerTypes> types() const;
  // One thread at a time creates schemas: two transactions cannot create the same one.
  [[nodiscard]] std::mutex& creating() { return creating_; }

 private:
  postgres::Endpoint endpoint_;
  std::string label_;
  std::string pipeline_;
  mutable std::mutex mutex_;  // guards types_ and unfit_types_
  UnfitTypes unfit_types_;
  std::shared_ptr<const ServerTypes> types_;
  std::mutex creating_;
};

// Takes the lock of a pipeline, which the session holds until it ends. Throws DestinationLocked, which names the
// server's process that holds it, at once or after a wait in which a process that was killed lets go.
void lock_pipeline(Session& session, const std::string& pipeline, WhenBusy busy);

}  // namespace walbrook::destination::postgresql
