#pragma once
// One question by HTTP: bounded in time and in decoded bytes, no redirect followed, no proxy, no
// cookie, nothing from the environment; an answer that was cut off is none.

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace overland::source {

struct Request {
  std::string method;  // "GET", "POST", "PUT"
  std::string url;
  std::vector<std::string> headers = {};  // may hold secrets
  std::string body = {};                  // of POST and PUT
};

struct Response {
  long status = 0;
  std::string body;
  std::string etag;      // empty: none
  std::string location;  // of a redirect
  std::string address;   // who answered, as a number
};

class Http {
 public:
  /// `ca`: a file of certificates in PEM; empty: the system's.
  explicit Http(std::string ca);
  Http(const Http&) = delete;
  Http& operator=(const Http&) = delete;
  ~Http();

  /// Throws kUnavailable, naming host and reason, where no whole answer comes in time.
  Response ask(const Request& request, std::chrono::milliseconds patience);

 private:
  struct Handle;
  std::string ca_;
  std::unique_ptr<Handle> handle_;
};

}  // namespace overland::source
