#include "api/query_stream.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <utility>

#include "api/source_access.h"
#include "base/error.h"
#include "destination/place.h"

namespace walbrook::api {
namespace {

destination::QueryLimits limits_of(const PipelineQueryOptions& options) {
  constexpr double longest_s = 1e9;  // 30 years
  if (!(options.query_timeout >= 0)) {
    throw Error(ErrorKind::configuration, fmt::format("query_timeout {} is not a time", options.query_timeout),
                "Give seconds, 0 for none.", {.setting = "query_timeout"});
  }
  const auto wanted = std::chrono::duration<double>(std::min(options.query_timeout, longest_s));
  return {.timeout = std::chrono::ceil<milliseconds>(wanted),
          .rows = options.query_rows,
          .bytes = 0,  // one batch is in memory at a time
          .memory = options.query_memory > 0 ? options.query_memory : std::numeric_limits<std::uint64_t>::max()};
}

class QueryStream {
 public:
  QueryStream(const PipelineState& state, const std::string& sql, const PipelineQueryOptions& limits)
      : facts_(facts_of(state)) {
    auto options = destination_options(state);
    options.read_only = options.shared_with_writers = true;
    if (!destination::is_there(options.url)) {
      throw Error(ErrorKind::destination,
                  fmt::format("the destination {} does not exist", destination::place_of(options.url).shown),
                  "Run the pipeline first.");
    }
    destination_ = destination::open_destination(options);
    static_cast<void>(destination_->open());
    session_ = destination::query_engine_of(*destination_).open_session({.pipeline = {}, .limits = limits_of(limits)});
    rows_ = session_->arrow_rows(sql);
  }

  // `out` owns the stream.
  static void hand_out(std::unique_ptr<QueryStream> stream, ArrowArrayStream* out) {
    *out = {
        .get_schema = [](ArrowArrayStream* self,
                         ArrowSchema* schema) { return of(self).run_guarded([&] { of(self).rows_->schema(schema); }); },
        .get_next = [](ArrowArrayStream* self,
                       ArrowArray* array) { return of(self).run_guarded([&] { of(self).rows_->next(array); }); },
        .get_last_error = [](ArrowArrayStream* self) -> const char* { return of(self).error_.c_str(); },
        .release =
            [](ArrowArrayStream* self) {
              delete &of(self);
              *self = {};
            },
        .private_data = stream.release()};
  }

 private:
  static QueryStream& of(ArrowArrayStream* stream) { return *static_cast<QueryStream*>(stream->private_data); }

  // Returns 0 or an errno code: no exception may pass through C.
  template <class Work>
  int run_guarded(Work work) {
    try {
      with_facts(facts_, work);
      return 0;
    } catch (const std::exception& failed) {
      error_ = failed.what();
      return EIO;
    }
  }

  ErrorFacts facts_;
  std::unique_ptr<destination::Destination> destination_;
  std::unique_ptr<destination::ReadSession> session_;
  std::unique_ptr<destination::ArrowRows> rows_;
  std::string error_;
};

}  // namespace

ArrowArrayStream open_query(const PipelineState& state, const std::string& sql, const PipelineQueryOptions& options) {
  ArrowArrayStream out{};
  QueryStream::hand_out(std::make_unique<QueryStream>(state, sql, options), &out);
  return out;
}

}  // namespace walbrook::api
