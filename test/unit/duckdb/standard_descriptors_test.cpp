// A program whose standard descriptors are closed, as those of a service or a cron job may be.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "test/unit/duckdb/duckdb_case.h"

namespace walbrook::contract {
namespace {

const auto notes = table("notes", {{"id", int4, key}});

class StandardDescriptorsTest : public DuckDbCase {};

// In a separate process: closes all three, opens the destination, commits, prints. Returns 0 if printing failed as it
// does on a closed descriptor.
int print_beside_the_destination(const destination::DestinationOptions& options, const Checkpoint& checkpoint) {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::close(descriptor);
  const auto opened = destination::open_destination(options);
  static_cast<void>(opened->open());
  const auto load = opened->begin({});
  load->put(destination::PutCheckpoint{checkpoint});
  load->commit();
  std::array<char, 4096> text{};
  text.fill('x');
  for (const int descriptor : {STDOUT_FILENO, STDERR_FILENO}) {
    if (::write(descriptor, text.data(), text.size()) >= 0 || errno != EBADF) return 1;
  }
  return ::read(STDIN_FILENO, text.data(), text.size()) < 0 && errno == EBADF ? 0 : 2;
}

TEST_F(StandardDescriptorsTest, p4_what_a_program_prints_does_not_get_into_the_file) {
  open();
  create(notes, {{1}, {2}});
  close();
  const pid_t child = ::fork();
  if (child == 0) ::_exit(print_beside_the_destination(options(), at(0x9000)));
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(open().checkpoint->lsn, Lsn{0x9000});
  EXPECT_EQ(ask("FROM public.notes ORDER BY id"), (Strings{"1", "2"}));
}

}  // namespace
}  // namespace walbrook::contract
