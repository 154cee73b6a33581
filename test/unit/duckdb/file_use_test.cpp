// One file that is used several times in one process, and a file that changes while a destination has it open.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

#include "base/error.h"
#include "destination/duckdb/file_guard.h"
#include "test/unit/duckdb/duckdb_case.h"

namespace walbrook::contract {
namespace {

namespace fs = std::filesystem;
using destination::CalledFrom;
using destination::WhenBusy;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

const auto things = table("things", {{"id", int4, key}, {"v", text}});

class FileUseTest : public DuckDbCase {
 protected:
  [[nodiscard]] static destination::DestinationOptions use(const std::string& path) {
    return {.url = path, .pipeline = "other", .busy = WhenBusy::error};
  }
  // Returns the error of opening in another thread.
  [[nodiscard]] static std::string error_elsewhere(const destination::DestinationOptions& options) {
    return std::async(std::launch::async,
                      [&] { return error_of([&] { (void)destination::open_destination(options)->open(); }); })
        .get();
  }
  void commit_something() {
    load(lsn_++, [](Transaction&) {});
  }

  std::uint64_t lsn_ = 0x5000;
};

constexpr const char* in_use = "in use by another pipeline of this program";

TEST_F(FileUseTest, a_second_use_is_refused_by_whatever_name) {
  fs::create_directory(folder() + "/sub");
  fs::create_symlink("../copy.duckdb", folder() + "/sub/link.duckdb");  // its target does not exist yet
  fs::create_directory_symlink(".", folder() + "/same");
  const auto names = {file(), folder() + "/sub/../copy.duckdb", folder() + "/same/copy.duckdb",
                      folder() + "/sub/link.duckdb"};
  open();
  for (const auto& name : names) {
    EXPECT_NE(error_elsewhere(use(name)).find(in_use), std::string::npos) << name;
    auto reading = use(name);
    reading.read_only = true;
    EXPECT_NE(error_elsewhere(reading).find(in_use), std::string::npos) << name;
  }
  fs::create_hard_link(file(), folder() + "/hard.duckdb");
  EXPECT_NE(error_elsewhere(use(folder() + "/hard.duckdb")).find(in_use), std::string::npos);
  EXPECT_EQ(error_elsewhere(use(folder() + "/another.duckdb")), "");
  close();
  for (const auto& name : names) EXPECT_EQ(error_elsewhere(use(name)), "") << name;
}

TEST_F(FileUseTest, files_that_are_made_at_once_leave_the_umask_as_it_was) {
  const auto before = ::umask(022);
  std::vector<std::future<void>> makers;
  for (const std::string maker : {"a", "b"}) {
    makers.push_back(std::async(std::launch::async, [this, maker] {
      for (int i = 0; i < 15; ++i) EXPECT_EQ(error_elsewhere(use(folder() + "/" + maker + std::to_string(i))), "");
    }));
  }
  for (auto& maker : makers) maker.get();
  EXPECT_EQ(::umask(before), 022U);
  struct stat made {};
  ASSERT_EQ(::stat((folder() + "/b14").c_str(), &made), 0);
  EXPECT_EQ(made.st_mode & 0777U, 0600U);
}

TEST_F(FileUseTest, a_file_that_does_not_exist_yet_is_claimed_by_its_place) {
  fs::create_symlink("copy.duckdb", folder() + "/link.duckdb");
  std::vector<std::future<std::string>> first;
  for (const auto& name : {folder() + "/link.duckdb", file()}) {
    auto waiting = use(name);
    waiting.busy = WhenBusy::wait;
    first.push_back(std::async(std::launch::async, [waiting] {
      return error_of([&] {
        const auto opened = destination::open_destination(waiting);
        (void)opened->open();
        std::this_thread::sleep_for(milliseconds(100));
      });
    }));
  }
  for (auto& ended : first) EXPECT_EQ(ended.get(), "");
}

TEST_F(FileUseTest, p3_the_log_of_a_file_behind_a_link_is_watched) {
  fs::create_directory(folder() + "/sub");
  fs::create_symlink("../copy.duckdb", folder() + "/sub/link.duckdb");
  const auto opened = destination::open_destination({.url = folder() + "/sub/link.duckdb", .pipeline = "walbrook"});
  (void)opened->open();
  std::this_thread::sleep_for(milliseconds(100));
  const auto commit = [&] {
    const auto load = opened->begin({});
    load->put(destination::PutCheckpoint{at(lsn_++)});
    load->commit();
  };
  commit();
  fs::remove(file() + ".wal");
  const auto said = error_of(commit);
  EXPECT_NE(said.find("has lost its log"), std::string::npos) << said;
}

TEST_F(FileUseTest, the_second_waits_until_the_first_is_done) {
  open();
  auto waiting = use(file());
  waiting.busy = WhenBusy::wait;
  auto second = std::async(std::launch::async, [&] { return error_elsewhere(waiting); });
  EXPECT_EQ(second.wait_for(milliseconds(300)), std::future_status::timeout);
  create(things, {{1, "a"}});
  close();
  EXPECT_EQ(second.get(), "");
  open();
  EXPECT_EQ(ask("SELECT v FROM public.things"), Strings{"a"});
}

TEST_F(FileUseTest, waiting_for_oneself_is_refused_at_once) {
  open();
  auto waiting = use(file());
  waiting.busy = WhenBusy::wait;
  const auto began = steady_clock::now();
  constexpr const char* nested = "in use by the call";
  EXPECT_NE(error_of([&] { (void)destination::open_destination(waiting)->open(); }).find(nested), std::string::npos);
  const auto caller = std::this_thread::get_id();
  const auto called = std::async(std::launch::async, [&] {
                        const CalledFrom from(caller);
                        return error_of([&] { (void)destination::open_destination(waiting)->open(); });
                      }).get();
  EXPECT_NE(called.find(nested), std::string::npos) << called;
  EXPECT_LT(steady_clock::now() - began, milliseconds(10'000));
}

TEST_F(FileUseTest, uses_of_one_owner_share_what_is_open_and_one_writes) {
  auto mine = use(file());
  mine.owner = std::make_shared<const char>();
  const auto writer = destination::open_destination(mine);
  (void)writer->open();
  auto reading = mine;
  reading.read_only = true;
  const auto reader = destination::open_destination(reading);
  (void)reader->open();
  const auto session = destination::query_engine_of(*reader).open_session();
  EXPECT_EQ(ask(*session, "SELECT 1"), Strings{"1"});
  EXPECT_NE(error_elsewhere(mine).find(in_use), std::string::npos);
  EXPECT_NE(error_of([&] { reader->drop(destination::DropScope::pipeline); }), "");
  auto others = use(file());
  others.owner = std::make_shared<const char>();
  EXPECT_NE(error_elsewhere(others).find(in_use), std::string::npos);
}

TEST_F(FileUseTest, a_foreign_handle_is_refused_when_the_file_is_opened) {
  open();
  create(things, {{1, "a"}});
  close();
  {
    const std::ifstream foreign(file());
    const auto refused = error_of([&] { open(); });
    EXPECT_NE(refused.find("is open in this program already (descriptor "), std::string::npos) << refused;
  }
  open();
  EXPECT_EQ(ask("SELECT v FROM public.things"), Strings{"a"});
}

TEST_F(FileUseTest, nothing_is_committed_while_a_foreign_handle_is_open) {
  open();
  const auto things_table = create(things, {{1, "a"}});
  {
    const std::ifstream foreign(file());
    std::this_thread::sleep_for(milliseconds(100));  // the next check of /proc is due
    const auto refused = error_of([&] { (void)merge(things_table, Effect(things).insert({2, "b"})); });
    EXPECT_NE(refused.find("was opened by another handle of this program"), std::string::npos) << refused;
  }
  std::this_thread::sleep_for(milliseconds(100));
  merge(things_table, Effect(things).insert({3, "c"}));
  EXPECT_EQ(ask("SELECT string_agg(v, '' ORDER BY id) FROM public.things"), Strings{"ac"});
}

// Returns whether another process could write to the file.
bool is_free(const std::string& path) {
  const auto child = ::fork();
  if (child == 0) {
    struct flock whole {};
    whole.l_type = F_WRLCK;
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    ::_exit(::fcntl(descriptor, F_SETLK, &whole) == 0 ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST_F(FileUseTest, a_lock_that_a_closed_handle_dropped_is_taken_again) {
  open();
  create(things, {{1, "a"}});
  ASSERT_FALSE(is_free(file()));
  { const std::ifstream foreign(file()); }
  ASSERT_TRUE(is_free(file())) << "closing a handle drops the lock no more: FileGuard looks for it in vain";
  std::this_thread::sleep_for(milliseconds(100));
  commit_something();
  EXPECT_FALSE(is_free(file()));
}

TEST_F(FileUseTest, a_lock_that_another_process_took_meanwhile_ends_it) {
  open();
  const auto things_table = create(things, {{1, "a"}});
  { const std::ifstream foreign(file()); }
  std::array<int, 2> ready{};
  ASSERT_EQ(::pipe(ready.data()), 0);
  const auto holder = ::fork();
  if (holder == 0) {
    struct flock whole {};
    whole.l_type = F_WRLCK;
    const int descriptor = ::open(file().c_str(), O_RDWR | O_CLOEXEC);
    (void)!::write(ready[1], ::fcntl(descriptor, F_SETLK, &whole) == 0 ? "x" : "-", 1);
    ::pause();
    ::_exit(0);
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  ASSERT_EQ(byte, 'x');
  std::this_thread::sleep_for(milliseconds(100));
  const auto refused = error_of([&] { (void)merge(things_table, Effect(things).insert({2, "b"})); });
  EXPECT_NE(refused.find("lost its lock, and another process has it now"), std::string::npos) << refused;
  ::kill(holder, SIGKILL);
  ::waitpid(holder, nullptr, 0);
  EXPECT_NE(error_of([&] { commit_something(); }), "") << "lost is lost";
}

TEST_F(FileUseTest, a_process_that_used_the_gap_is_noticed_by_what_it_wrote) {
  open();
  const auto things_table = create(things, {{1, "a"}});

  { const std::ifstream foreign(file()); }
  const auto intruder = ::fork();
  if (intruder == 0) {
    // What another DuckDB does to the file when it closes it: a checkpoint.
    const int descriptor = ::open(file().c_str(), O_RDWR | O_CLOEXEC);
    std::uint64_t counter = 0;
    (void)!::pread(descriptor, &counter, sizeof counter, 4096 + 8);
    counter += 2;
    (void)!::pwrite(descriptor, &counter, sizeof counter, 4096 + 8);
    ::_exit(0);
  }
  ::waitpid(intruder, nullptr, 0);
  std::this_thread::sleep_for(milliseconds(100));
  const auto refused = error_of([&] { (void)merge(things_table, Effect(things).insert({2, "b"})); });
  EXPECT_NE(refused.find("was written by another process"), std::string::npos) << refused;
}

struct Loss {
  const char* name;
  void (*cause)(const std::string& file);
  const char* said;
};

TEST_F(FileUseTest, p3_a_file_that_is_lost_takes_no_commit) {
  const std::vector<Loss> losses = {
      {"removed", [](const std::string& file) { fs::remove(file); }, "was removed while"},
      {"moved", [](const std::string& file) { fs::rename(file, file + ".away"); }, "copy.duckdb.away)"},
      {"replaced",
       [](const std::string& file) {
         fs::copy_file(file, file + ".other");
         fs::rename(file + ".other", file);
       },
       "was replaced by another file"},
      {"overwritten", [](const std::string& file) { std::ofstream(file) << "something else"; }, "was overwritten"},
      {"log removed", [](const std::string& file) { fs::remove(file + ".wal"); }, "has lost its log"},
      {"log moved", [](const std::string& file) { fs::rename(file + ".wal", file + ".log"); }, "has lost its log"},
      {"log replaced",
       [](const std::string& file) {
         fs::copy_file(file + ".wal", file + ".other");
         fs::rename(file + ".other", file + ".wal");
       },
       "has lost its log"},
  };
  for (const auto& loss : losses) {
    fs::remove(file());
    fs::remove(file() + ".wal");
    open();
    const auto things_table = create(things, {{1, "a"}});
    destination().check_still_there();
    std::this_thread::sleep_for(milliseconds(100));
    merge(things_table, Effect(things).insert({2, "b"}));  // the log is seen
    ASSERT_TRUE(fs::exists(file() + ".wal"));
    loss.cause(file());
    try {
      destination().check_still_there();
      ADD_FAILURE() << loss.name << " was not noticed";
    } catch (const destination::DestinationLost& lost) {
      EXPECT_NE(std::string(lost.what()).find(loss.said), std::string::npos) << loss.name << ": " << lost.what();
    }
    EXPECT_NE(error_of([&] { (void)merge(things_table, Effect(things).insert({3, "c"})); }), "") << loss.name;
    close();
  }
}

// Without a free descriptor /proc cannot be read, which shows nothing about the file.
TEST_F(FileUseTest, a_shortage_of_descriptors_is_no_loss) {
  open();
  const auto things_table = create(things, {{1, "a"}});
  destination::duckdb::FileGuard looks(file());
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  merge(things_table,
        Effect(things).insert({9, std::string(6'000'000, 'x')}));  // more than the log holds: a checkpoint
  const rlimit none{.rlim_cur = 3, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const auto error = error_of([&] { looks.check(); });
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(error, "");
  EXPECT_EQ(error_of([&] { looks.check(); }), "");
  EXPECT_EQ(error_of([&] { (void)merge(things_table, Effect(things).insert({3, "c"})); }), "");
}

TEST_F(FileUseTest, the_files_that_took_its_place_are_left_alone) {
  open();
  create(things, {{1, "a"}});
  fs::create_directory(folder() + "/away");
  fs::rename(file(), folder() + "/away/copy.duckdb");
  fs::rename(file() + ".wal", folder() + "/away/copy.duckdb.wal");
  std::ofstream(file()) << "somebody's file";
  std::ofstream(file() + ".wal") << "somebody's log";
  EXPECT_NE(error_of([&] { commit_something(); }), "");
  close();
  EXPECT_EQ(fs::file_size(file()), 15U);
  ASSERT_TRUE(fs::exists(file() + ".wal")) << "the log of another file was removed";
  EXPECT_EQ(fs::file_size(file() + ".wal"), 14U);
  fs::remove(file() + ".wal");
  fs::rename(folder() + "/away/copy.duckdb", file());  // once the file is put back, nothing is missing
  fs::rename(folder() + "/away/copy.duckdb.wal", file() + ".wal");
  open();
  EXPECT_EQ(ask("SELECT v FROM public.things"), Strings{"a"});
}

}  // namespace
}  // namespace walbrook::contract
