// Requests and answers from bytes, whole and in parts.
#include "serve/http_message.h"

#include <gtest/gtest.h>

namespace walbrook::serve {
namespace {

using Reading = RequestReader::State;

TEST(HttpMessage, a_request_arrives_in_whatever_parts) {
  const auto text = request_text("POST", "/sql?nested=json&pipeline=a%20b%26", "SELECT 'ü'");
  for (const std::size_t length : {std::size_t{1}, std::size_t{7}, text.size()}) {
    RequestReader reader;
    auto state = Reading::incomplete;
    for (std::size_t at = 0; at < text.size(); at += length) {
      ASSERT_EQ(state, Reading::incomplete);
      state = reader.take(std::string_view(text).substr(at, length));
    }
    ASSERT_EQ(state, Reading::complete);
    EXPECT_EQ(reader.request().method, "POST");
    EXPECT_EQ(reader.request().path, "/sql");
    EXPECT_EQ(reader.request().parameters.at("nested"), "json");
    EXPECT_EQ(reader.request().parameters.at("pipeline"), "a b&");
    EXPECT_EQ(reader.request().body, "SELECT 'ü'");
  }
}

TEST(HttpMessage, what_is_no_request_is_refused) {
  const auto status_of = [](const std::string& text) {
    RequestReader reader;
    return reader.take(text) == Reading::refused ? reader.status() : 0;
  };
  EXPECT_EQ(status_of("hello\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET /status\r\n\r\n"), 400);
  EXPECT_EQ(status_of("\r\n\r\n"), 400);
  EXPECT_EQ(status_of("POST /sql HTTP/1.1\r\nContent-Length: -1\r\n\r\n"), 400);
  EXPECT_EQ(status_of("POST /sql HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n"), 400);
  EXPECT_EQ(status_of("POST /sql HTTP/1.1\r\ncontent-length: 1048577\r\n\r\n"), 413);
  EXPECT_EQ(status_of("POST /sql HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"), 411);
  EXPECT_EQ(status_of(std::string(max_head_bytes + 1, 'x')), 431);
  EXPECT_EQ(status_of("GET /status HTTP/1.1\r\nA: " + std::string(max_head_bytes, 'x') + "\r\n\r\n"), 431);
  EXPECT_EQ(status_of("GET /status HTTP/1.1\r\n"), 0) << "it is not whole";
}

TEST(HttpMessage, a_client_may_wait_before_it_sends_the_body) {
  RequestReader reader;
  EXPECT_EQ(reader.take("POST /sql HTTP/1.1\r\nExpect: 100-Continue\r\nContent-Length: 8\r\n\r\n"),
            Reading::incomplete);
  EXPECT_TRUE(reader.takes_continue());
  EXPECT_FALSE(reader.takes_continue());
  EXPECT_EQ(reader.take("SELECT 1"), Reading::complete);
}

TEST(HttpMessage, an_answer_arrives_behind_interim_ones) {
  ResponseReader reader;
  EXPECT_EQ(reader.take(continue_text()), ResponseReader::State::incomplete);
  const auto text = processing_text(3) + response_head(200, 4) + "{}";
  for (const char c : text) EXPECT_EQ(reader.take({&c, 1}), ResponseReader::State::incomplete);
  EXPECT_TRUE(reader.has_interim());
  EXPECT_EQ(reader.queue(), 3U);
  EXPECT_EQ(reader.take("ab"), ResponseReader::State::complete);
  EXPECT_EQ(reader.status(), 200);
  EXPECT_EQ(reader.body(), "{}ab");
  EXPECT_EQ(ResponseReader().take("SSH-2.0-OpenSSH\r\n\r\n"), ResponseReader::State::malformed);
}

}  // namespace
}  // namespace walbrook::serve
