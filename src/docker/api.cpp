#include "docker/api.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <cerrno>
#include <cstdint>
#include <limits>
#include <utility>

#include "base/deadline.h"
#include "base/error.h"
#include "base/printable.h"
#include "base/trusted_path.h"
#include "docker/api_json.h"

namespace overland::docker {
namespace {

namespace http = boost::beast::http;
using base::ErrorKind;
using boost::beast::error_code;

constexpr std::size_t kBodyLimit = std::size_t{16} << 20U;
constexpr std::size_t kShownOfBody = 200;  // bytes, of an answer that says what is wrong
constexpr std::size_t kLineLimit = std::size_t{1} << 20U;
constexpr std::uint32_t kHeaderLimit = 64U << 10U;  // of a chunk's, too

/// Takes a piece of a body; false: no more is wanted.
using Sink = std::function<bool(std::string_view)>;

/// Beast's Body concept, which names what is in here.
struct SinkBody {
  using value_type = Sink;
  class Reader {
   public:
    template <bool kIsRequest, class Fields>
    Reader(http::header<kIsRequest, Fields>& /*header*/, Sink& sink) : sink_(sink) {}
    static void init(const boost::optional<std::uint64_t>& /*length*/, error_code& error) {
      error = {};
    }
    std::size_t put(const boost::asio::const_buffer& piece, error_code& error) {
      const bool more = sink_({static_cast<const char*>(piece.data()), piece.size()});
      error = more ? error_code() : error_code(ECANCELED, boost::system::generic_category());
      return piece.size();
    }
    static void finish(error_code& error) { error = {}; }

   private:
    Sink& sink_;
  };
  using reader = Reader;
};
using Parser = http::response_parser<SinkBody>;

/// A socket of root's, open as a path. A sticky /run, as containers have it, will do: nobody takes
/// root's socket away there, and who listens is looked at too.
base::UniqueFd find_socket(const std::filesystem::path& path) {
  base::UniqueFd fd = base::open_trusted(path, O_PATH, base::Sticky::kAllowed);
  if (!fd.valid()) base::throw_errno("nobody listens on " + path.string(), ENOENT);
  struct stat status = {};
  if (::fstat(fd.get(), &status) != 0 || !S_ISSOCK(status.st_mode) || status.st_uid != 0) {
    throw base::Error(ErrorKind::kInvalid, path.string() + " is no socket of root's");
  }
  return fd;
}

/// One request and its answer.
class Exchange {
 public:
  Exchange(const std::filesystem::path& socket, const std::string& question,
           std::chrono::milliseconds patience)
      : question_(question + " on " + socket.string()), deadline_(patience) {
    connect(socket);
    require_root();
  }
  Exchange(const std::filesystem::path& socket, const ApiRequest& request,
           std::chrono::milliseconds patience)
      : Exchange(socket, request.method + " " + request.path, patience) {
    // HTTP/1.1 wants a Host, whatever it is.
    std::string head = request.method + " " + request.path +
                       " HTTP/1.1\r\nHost: docker\r\nConnection: close\r\nContent-Length: " +
                       std::to_string(request.body.size()) + "\r\n";
    if (!request.body.empty()) head += "Content-Type: application/json\r\n";
    send(head + "\r\n" + request.body);
  }

  /// Feeds `parser` until the answer is whole or its sink wants no more.
  void receive(Parser& parser) {
    parser.eager(true);
    // The sinks hold their own: Beast 1.74 forgets its limit where a body comes with its header,
    // and takes none for 0 where it does not.
    parser.body_limit(std::numeric_limits<std::uint64_t>::max());
    parser.header_limit(kHeaderLimit);
    std::string bytes;  // not taken by the parser yet
    while (!parser.is_done()) {
      error_code error;
      std::array<char, 16384> piece;
      if (const std::size_t size = receive(piece.data(), piece.size()); size > 0) {
        bytes.append(piece.data(), size);
        bytes.erase(0, parser.put(boost::asio::buffer(bytes), error));
      } else {
        if (!parser.got_some()) refuse("closed without an answer");
        parser.put_eof(error);
      }
      if (error == boost::system::errc::operation_canceled) return;
      if (error && error != http::error::need_more) refuse(error.message());
      if (bytes.size() > 2 * std::size_t{kHeaderLimit}) refuse("no end of a header");
    }
  }

  /// Throws where the answer says that something is wrong; `body` is its words.
  void require_success(const Parser& parser, std::string_view body) const {
    const unsigned status = parser.get().result_int();
    if (status >= 200 && status < 300) return;
    throw base::Error(ErrorKind::kInvalid, question_ + " was answered with status " +
                                               std::to_string(status) + ": " +
                                               base::shorten(words_of_refusal(body), kShownOfBody));
  }

  [[noreturn]] void refuse(const std::string& why) const {
    throw base::Error(ErrorKind::kInvalid, question_ + ": " + why);
  }

  base::UniqueFd release() { return std::move(fd_); }

 private:
  [[nodiscard]] std::chrono::milliseconds left() const {
    const auto left = deadline_.left();
    if (left.count() > 0) return left;
    throw base::Error(ErrorKind::kFailure, question_ + " was not answered in time", ETIMEDOUT);
  }

  void connect(const std::filesystem::path& socket) {
    const base::UniqueFd named = find_socket(socket);
    // It leads to the socket that was looked at, whatever the name leads to by now.
    const std::string path = "/proc/self/fd/" + std::to_string(named.get());
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    fd_ = base::UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd_.valid()) base::throw_errno("cannot make a socket", errno);
    while (::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      if (errno != EAGAIN) base::throw_errno("nobody listens on " + socket.string(), errno);
      // Its queue is full; there is nothing to wait for but time.
      ::poll(nullptr, 0, static_cast<int>(std::min(left(), std::chrono::milliseconds(10)).count()));
    }
  }

  void require_root() const {
    ucred peer = {};
    socklen_t size = sizeof peer;
    if (::getsockopt(fd_.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
        size == sizeof peer && peer.uid == 0) {
      return;
    }
    refuse("user " + std::to_string(peer.uid) + " listens there, and not root");
  }

  void wait_for(short events) const {
    pollfd one = {fd_.get(), events, 0};
    const int ready = ::poll(&one, 1, static_cast<int>(left().count()));
    if (ready < 0 && errno != EINTR) base::throw_errno(question_, errno);
  }

  void send(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t sent = ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno != EAGAIN && errno != EINTR) base::throw_errno(question_, errno);
      text.remove_prefix(sent < 0 ? 0 : static_cast<std::size_t>(sent));
      if (!text.empty()) wait_for(POLLOUT);
    }
  }

  /// 0 where the other side has closed.
  std::size_t receive(char* into, std::size_t size) const {
    for (;;) {
      wait_for(POLLIN);
      const ssize_t got = ::recv(fd_.get(), into, size, 0);
      if (got >= 0) return static_cast<std::size_t>(got);
      if (errno != EAGAIN && errno != EINTR) base::throw_errno(question_, errno);
    }
  }

  std::string question_;
  base::Deadline deadline_;
  base::UniqueFd fd_;
};

}  // namespace

std::string api_call(const std::filesystem::path& socket, const ApiRequest& request,
                     std::chrono::milliseconds patience) {
  Exchange exchange(socket, request, patience);
  std::string body;
  Parser parser;
  parser.get().body() = [&](std::string_view piece) {
    if (body.size() + piece.size() > kBodyLimit) exchange.refuse("larger than 16 MiB");
    body += piece;
    return true;
  };
  exchange.receive(parser);
  exchange.require_success(parser, body);
  return body;
}

void api_follow(const std::filesystem::path& socket, const std::string& path,
                std::chrono::milliseconds patience,
                const std::function<bool(std::string_view line)>& take) {
  Exchange exchange(socket, ApiRequest{path}, patience);
  std::string begun;  // a line without its end yet
  Parser parser;
  parser.get().body() = [&](std::string_view piece) {
    begun += piece;
    if (parser.get().result() != http::status::ok) return begun.size() < kLineLimit;
    std::size_t from = 0;
    for (std::size_t end = 0; (end = begun.find('\n', from)) != std::string::npos; from = end + 1) {
      if (!take(std::string_view(begun).substr(from, end - from))) return false;
    }
    begun.erase(0, from);
    if (begun.size() > kLineLimit) exchange.refuse("no end of a line");
    return true;
  };
  exchange.receive(parser);
  exchange.require_success(parser, begun);
}

base::UniqueFd api_open(const std::filesystem::path& socket, const std::string& path,
                        std::chrono::milliseconds patience) {
  return Exchange(socket, ApiRequest{path}, patience).release();
}

bool api_listens(const std::filesystem::path& socket) {
  try {
    const Exchange nothing(socket, std::string("nothing asked"), std::chrono::milliseconds(100));
    return true;
  } catch (const base::Error& error) {
    return error.errno_value() != ENOENT && error.errno_value() != ECONNREFUSED;
  }
}

}  // namespace overland::docker
