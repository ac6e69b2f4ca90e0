// What is asked of Docker's API and how its answers are taken, by the byte.

#include "docker/api.h"

#include <gmock/gmock.h>

#include <functional>
#include <vector>

#include "base/error.h"
#include "netns/docker/fake_docker.h"

namespace overland::docker {
namespace {

using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

/// Says the pieces of an answer one after the other, as they were written, to one who asked.
class Script {
 public:
  /// `linger`: how long it keeps the connection after the last piece, unless that is taken away.
  explicit Script(const std::filesystem::path& socket, std::vector<std::string> pieces,
                  std::chrono::milliseconds linger = {})
      : listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    socket.string().copy(address.sun_path, sizeof address.sun_path - 1);
    ::unlink(address.sun_path);
    EXPECT_EQ(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(listener_.get(), 1), 0);
    thread_ = std::thread([this, pieces = std::move(pieces), linger] { play(pieces, linger); });
  }
  Script(const Script&) = delete;
  Script& operator=(const Script&) = delete;
  ~Script() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
  }

  /// What it was asked, when it is over.
  std::string asked() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
    thread_ = std::thread([] {});
    return asked_;
  }

 private:
  void play(const std::vector<std::string>& pieces, std::chrono::milliseconds linger) {
    const base::UniqueFd client(::accept(listener_.get(), nullptr, nullptr));
    if (!client.valid()) return;
    const auto body_is_there = [&] {
      const std::size_t head = asked_.find("\r\n\r\n");
      const std::size_t length = asked_.find("Content-Length: ");
      return head != std::string::npos &&
             asked_.size() - head - 4 >= std::stoul(asked_.substr(length + 16));
    };
    char bytes[4096];
    while (!body_is_there()) {
      const ssize_t got = ::read(client.get(), bytes, sizeof bytes);
      if (got <= 0) return;
      asked_.append(bytes, static_cast<std::size_t>(got));
    }
    for (const std::string& piece : pieces) {
      static_cast<void>(::send(client.get(), piece.data(), piece.size(), MSG_NOSIGNAL));
      ::usleep(2'000);
    }
    std::this_thread::sleep_for(linger);
  }

  base::UniqueFd listener_;
  std::string asked_;
  std::thread thread_;
};

class DockerApi : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs a socket of root's";
  }
  [[nodiscard]] const std::filesystem::path& socket() const { return machine_.places.socket; }

  std::string answer(const std::vector<std::string>& pieces) {
    Script script(socket(), pieces);
    return api_call(socket(), {"/info"}, std::chrono::seconds(5));
  }
  template <typename Action>
  static base::Error refusal(Action action) {
    try {
      action();
    } catch (const base::Error& error) {
      return error;
    }
    ADD_FAILURE() << "accepted";
    return {base::ErrorKind::kFailure, ""};
  }
  std::string refused(const std::vector<std::string>& pieces) {
    return refusal([&] { answer(pieces); }).what();
  }

  tests::FakeMachine machine_;
};

const std::string kOk = "HTTP/1.1 200 OK\r\n";
const std::string kChunked = kOk + "Transfer-Encoding: chunked\r\n\r\n";

TEST_F(DockerApi, AsksAsHttpWantsIt) {
  Script script(socket(), {kOk + "Content-Length: 2\r\n\r\n{}"});
  api_call(socket(), {"/info"}, std::chrono::seconds(5));
  EXPECT_EQ(script.asked(),
            "GET /info HTTP/1.1\r\nHost: docker\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
}

TEST_F(DockerApi, PostsABodyLargerThanTheSocketHolds) {
  const std::string body(3'000'000, 'x');
  Script script(socket(), {"HTTP/1.1 201 Created\r\nContent-Length: 9\r\n\r\n{\"Id\":\"a\"}"});
  EXPECT_EQ(api_call(socket(), {"/networks/create", "POST", body}, std::chrono::seconds(20)),
            "{\"Id\":\"a\"");
  const std::string asked = script.asked();
  EXPECT_THAT(asked.substr(0, 200), StartsWith("POST /networks/create HTTP/1.1\r\n"));
  EXPECT_THAT(asked.substr(0, 200), HasSubstr("Content-Type: application/json\r\n"));
  EXPECT_TRUE(asked.ends_with("\r\n\r\n" + body));
}

TEST_F(DockerApi, DeletesAndTakesNoContentForDone) {
  Script script(socket(), {"HTTP/1.1 204 No Content\r\n\r\n"}, std::chrono::milliseconds(200));
  EXPECT_EQ(api_call(socket(), {"/networks/lan", "DELETE"}, std::chrono::seconds(5)), "");
  EXPECT_THAT(script.asked(), StartsWith("DELETE /networks/lan HTTP/1.1\r\n"));
}

TEST_F(DockerApi, TakesABodyOfAnyFraming) {
  EXPECT_EQ(answer({kOk + "Content-Length: 5\r\n\r\nhello and more"}), "hello");
  EXPECT_EQ(answer({kOk + "\r\nhel", "lo"}), "hello");  // until it closes
  EXPECT_EQ(answer({kChunked + "5;x=y\r\nhello\r\n0\r\nTrailer: x\r\n\r\n"}), "hello");
  EXPECT_EQ(answer({kOk + "Content-Length: 5\r\n\r\n", "hel", "lo"}), "hello");
  std::vector<std::string> bytes;
  for (const char byte : kChunked + "3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n") bytes.emplace_back(1, byte);
  EXPECT_EQ(answer(bytes), "hello");
  const std::string large(1'000'000, 'x');
  EXPECT_EQ(answer({kChunked + "f4240\r\n" + large + "\r\n0\r\n\r\n"}), large);
}

TEST_F(DockerApi, DoesNotWaitForMoreThanTheAnswer) {
  Script script(socket(), {kChunked + "2\r\n{}\r\n0\r\n\r\n"}, std::chrono::milliseconds(1500));
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(api_call(socket(), {"/info"}, std::chrono::seconds(5)), "{}");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(1));
}

TEST_F(DockerApi, RefusesWhatIsNoWholeAnswer) {
  EXPECT_THAT(refused({}), HasSubstr("GET /info on " + socket().string() + ": closed without an"));
  EXPECT_THAT(refused({"HTTP/1.1 20"}), HasSubstr("partial message"));
  EXPECT_THAT(refused({kOk + "Content-Length: 5\r\n\r\nhel"}), HasSubstr("partial message"));
  EXPECT_THAT(refused({kChunked + "5\r\nhel"}), HasSubstr("partial message"));
  EXPECT_THAT(refused({kChunked + "5\r\nhello\r\n"}), HasSubstr("partial message"));
  EXPECT_THAT(refused({kChunked + "zz\r\nhello\r\n"}), HasSubstr("bad chunk"));
  EXPECT_THAT(refused({kOk + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello"}),
              HasSubstr("Content-Length"));
  EXPECT_THAT(refused({"SSH-2.0-OpenSSH\r\n\r\n"}), HasSubstr("bad version"));
  EXPECT_THAT(refused({"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone"}),
              HasSubstr("was answered with status 404: none"));
  std::string body =
      "\x1b[2J" + std::string(195, 'a') + "ü\n";  // 200 bytes end within the last one
  EXPECT_THAT(refused({"HTTP/1.1 500 Oh\r\nContent-Length: 202\r\n\r\n" + body}),
              HasSubstr("500: \\x1b[2J" + std::string(195, 'a') + "…"));
  EXPECT_THAT(refused({"HTTP/1.1 301 Moved\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n"}),
              HasSubstr("status 301"));
}

TEST_F(DockerApi, RefusesWhatIsTooMuch) {
  const std::string much(std::size_t{17} << 20U, 'x');
  EXPECT_THAT(refused({kOk + "\r\n" + much}), HasSubstr("larger than 16 MiB"));
  EXPECT_THAT(refused({kOk + "Content-Length: 17825792\r\n\r\n" + much}),
              HasSubstr("larger than 16 MiB"));
  std::vector<std::string> chunks{kChunked};
  for (int i = 0; i < 17; ++i) {
    chunks.push_back("100000\r\n" + much.substr(0, 0x100000) + "\r\n");
  }
  EXPECT_THAT(refused(chunks), HasSubstr("larger than 16 MiB"));
  EXPECT_THAT(refused({kOk + "X: " + much.substr(0, 100'000)}), HasSubstr("header limit exceeded"));
  EXPECT_THAT(refused({kChunked + "1;" + much.substr(0, 400'000)}),
              AnyOf(HasSubstr("no end of a header"), HasSubstr("bad chunk extension")));
  EXPECT_THAT(refused({kChunked + "0\r\nX: " + much.substr(0, 400'000)}),
              AnyOf(HasSubstr("no end of a header"), HasSubstr("header limit exceeded")));
}

TEST_F(DockerApi, WaitsForTheWholeOfAnAnswerNoLongerThanAsked) {
  for (const std::vector<std::string>& pieces :
       {std::vector<std::string>{}, {"HTTP/1.1 2"}, {kOk + "Content-Length: 5\r\n\r\nhel"}}) {
    const Script script(socket(), pieces, std::chrono::milliseconds(1500));
    const auto begin = std::chrono::steady_clock::now();
    const auto ask = [&] { api_call(socket(), {"/info"}, std::chrono::milliseconds(200)); };
    const base::Error error = refusal(ask);
    EXPECT_EQ(error.errno_value(), ETIMEDOUT);
    EXPECT_THAT(error.what(), HasSubstr("was not answered in time"));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(1));
  }
}

TEST_F(DockerApi, WaitsForOneWhoseQueueIsFullNoLongerThanAsked) {
  const Script script(socket(), {}, std::chrono::milliseconds(0));
  std::vector<base::UniqueFd> waiting;  // never asks: the one it talks to, and then its queue
  for (int i = 0; i < 8; ++i) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    socket().string().copy(address.sun_path, sizeof address.sun_path - 1);
    waiting.emplace_back(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    static_cast<void>(
        ::connect(waiting.back().get(), reinterpret_cast<sockaddr*>(&address), sizeof address));
  }
  const auto ask = [&] { api_call(socket(), {"/info"}, std::chrono::milliseconds(200)); };
  EXPECT_EQ(refusal(ask).errno_value(), ETIMEDOUT);
}

TEST_F(DockerApi, SaysThatNobodyListens) {
  const auto ask = [&] { api_call(socket(), {"/info"}, std::chrono::seconds(5)); };
  EXPECT_EQ(refusal(ask).errno_value(), ENOENT);
  { const Script script(socket(), {}); }  // leaves its name behind, as a killed dockerd does
  EXPECT_EQ(refusal(ask).errno_value(), ECONNREFUSED);
  std::filesystem::remove(socket());
  machine_.write("docker.sock", "");
  EXPECT_THAT(refusal(ask).what(), HasSubstr("is no socket of root's"));
}

TEST_F(DockerApi, FollowsLinesAsTheyCome) {
  std::vector<std::string> lines;
  const auto keep = [&](std::string_view line) {
    lines.emplace_back(line);
    return true;
  };
  {
    const Script script(
        socket(), {kChunked + "4\r\none\n\r\n", "8\r\n\ntwo\nthr\r\n", "4\r\nee\nf\r\n0\r\n\r\n"});
    api_follow(socket(), "/events", std::chrono::seconds(5), keep);
    EXPECT_THAT(lines, ElementsAre("one", "", "two", "three"));  // what has no end is no line
  }
  lines.clear();
  const Script script(socket(), {kChunked + "4\r\none\n\r\n"}, std::chrono::seconds(2));
  const auto follow = [&] {
    api_follow(socket(), "/events", std::chrono::milliseconds(300), keep);
  };
  EXPECT_EQ(refusal(follow).errno_value(), ETIMEDOUT);
  EXPECT_THAT(lines, ElementsAre("one"));
}

TEST_F(DockerApi, FollowsUntilEnoughIsSeen) {
  const Script script(socket(), {kChunked + "8\r\none\ntwo\n\r\n"}, std::chrono::seconds(2));
  std::vector<std::string> lines;
  const auto begin = std::chrono::steady_clock::now();
  api_follow(socket(), "/events", std::chrono::seconds(5), [&](std::string_view line) {
    lines.emplace_back(line);
    return false;
  });
  EXPECT_THAT(lines, ElementsAre("one"));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(1));
}

TEST_F(DockerApi, FollowsNoEndlessLineAndNoFault) {
  std::vector<std::string> lines;
  const auto follow = [&](const std::vector<std::string>& pieces) {
    const Script script(socket(), pieces);
    return std::string(refusal([&] {
                         api_follow(socket(), "/events", std::chrono::seconds(5), [&](auto line) {
                           lines.emplace_back(line);
                           return true;
                         });
                       }).what());
  };
  EXPECT_THAT(follow({kOk + "\r\n" + std::string(2'000'000, 'x')}), HasSubstr("no end of a line"));
  EXPECT_THAT(follow({"HTTP/1.1 500 Oops\r\nContent-Length: 5\r\n\r\noops\n"}),
              HasSubstr("status 500: oops"));
  EXPECT_THAT(follow({"HTTP/1.1 500 Oops\r\n\r\n" + std::string(2'000'000, 'x')}),
              HasSubstr("status 500: xxx"));
  EXPECT_THAT(lines, IsEmpty());
}

}  // namespace
}  // namespace overland::docker
