#include "bench/route_peers.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <memory>

#include "base/error.h"
#include "base/unique_fd.h"
#include "bench/fleet.h"
#include "kernel/route_message.h"

namespace overland::bench {
namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void fail(const std::string& what) {
  throw base::Error(base::ErrorKind::kFailure, what);
}

pid_t spawn(const char* program, std::vector<std::string> arguments) {
  std::vector<char*> argv = {const_cast<char*>(program)};
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  pid_t pid = 0;
  const int error = ::posix_spawn(&pid, program, nullptr, nullptr, argv.data(), environ);
  if (error != 0) base::throw_errno(program, error);
  return pid;
}

/// The whole process; base::run() would look for its end only once a millisecond.
Seconds run(const char* program, const std::vector<std::string>& arguments) {
  const auto start = Clock::now();
  const pid_t pid = spawn(program, arguments);
  int status = 0;
  ::waitpid(pid, &status, 0);
  const Seconds taken = Clock::now() - start;
  if (status != 0) fail(std::string(program) + " failed");
  return taken;
}

/// Below the private /run of this process's namespace.
std::string write_file(const std::string& name, const std::string& text) {
  const std::string path = "/run/" + name;
  std::ofstream(path) << text;
  return path;
}

std::string arguments(const model::Route& route) {
  return route.destination.to_string() + " via " + route.gateways.front().to_string();
}

base::UniqueFd route_socket(unsigned groups) {
  base::UniqueFd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  sockaddr_nl address = {};
  address.nl_family = AF_NETLINK;
  address.nl_groups = groups;
  const int buffer = 64 << 20;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer));
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    base::throw_errno("netlink socket", errno);
  }
  const timeval patience = {60, 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  return fd;
}

template <typename Each>
void receive(int fd, Each each) {
  alignas(nlmsghdr) static std::array<char, 65536> buffer;
  const ssize_t got = ::recv(fd, buffer.data(), buffer.size(), 0);
  if (got < 0) base::throw_errno("netlink receive", errno);
  auto left = static_cast<unsigned>(got);
  for (auto* m = reinterpret_cast<nlmsghdr*>(buffer.data()); NLMSG_OK(m, left);
       m = NLMSG_NEXT(m, left)) {
    each(*m);
  }
}

struct FreeSocket {
  void operator()(nl_sock* socket) const { ::nl_socket_free(socket); }
};
struct FreeRoute {
  void operator()(rtnl_route* route) const { ::rtnl_route_put(route); }
};
struct FreeAddress {
  void operator()(nl_addr* address) const { ::nl_addr_put(address); }
};
using NlAddress = std::unique_ptr<nl_addr, FreeAddress>;

NlAddress nl_address(const model::Address& address, int length) {
  NlAddress result(::nl_addr_build(AF_INET, address.bytes().data(), 4));
  ::nl_addr_set_prefixlen(result.get(), length);
  return result;
}

}  // namespace

std::vector<model::Route> fleet_routes(std::size_t count, bool one_gateway) {
  std::vector<model::Route> routes;
  for (std::size_t i = 1; i <= count; ++i) {
    const auto destination = bridge_subnet(i, bridge_length(count));
    routes.push_back({destination,
                      model::RouteKind::kUnicast,
                      model::route_metric(destination),
                      {host_address(one_gateway ? 1 : i)}});
  }
  return routes;
}

Seconds add_prebuilt(const std::vector<model::Route>& routes) {
  constexpr std::size_t kBatch = 64;
  std::vector<netlink::MessageBuffer> batches((routes.size() + kBatch - 1) / kBatch);
  kernel::LinkNames links;
  for (std::size_t i = 0; i < routes.size(); ++i) {
    auto& buffer = batches[i / kBatch];
    kernel::put_new_route(buffer, routes[i], NLM_F_CREATE | NLM_F_EXCL, links);
    const bool last = i % kBatch == kBatch - 1 || i + 1 == routes.size();
    buffer.finish(static_cast<std::uint32_t>(i), last ? NLM_F_ACK : 0);
  }
  const auto fd = route_socket(0);
  const auto start = Clock::now();
  for (const auto& batch : batches) {
    const auto bytes = batch.bytes();
    if (::send(fd.get(), bytes.data(), bytes.size(), 0) < 0) base::throw_errno("send", errno);
    receive(fd.get(), [](const nlmsghdr& message) {
      int error = 0;
      std::memcpy(&error, ::nlmsg_data(const_cast<nlmsghdr*>(&message)), sizeof(error));
      if (error != 0) base::throw_errno("prebuilt route", -error);
    });
  }
  return Clock::now() - start;
}

Seconds add_with_libnl(const std::vector<model::Route>& routes) {
  const std::unique_ptr<nl_sock, FreeSocket> socket(::nl_socket_alloc());
  if (::nl_connect(socket.get(), NETLINK_ROUTE) < 0) fail("nl_connect");
  const auto start = Clock::now();
  for (const auto& wanted : routes) {
    const std::unique_ptr<rtnl_route, FreeRoute> route(::rtnl_route_alloc());
    const auto destination = nl_address(wanted.destination.network(), wanted.destination.length());
    const auto gateway = nl_address(wanted.gateways.front(), 32);
    ::rtnl_route_set_dst(route.get(), destination.get());
    ::rtnl_route_set_protocol(route.get(), 111);
    ::rtnl_route_set_table(route.get(), RT_TABLE_MAIN);
    ::rtnl_route_set_priority(route.get(), wanted.metric);
    rtnl_nexthop* hop = ::rtnl_route_nh_alloc();
    ::rtnl_route_nh_set_gateway(hop, gateway.get());
    ::rtnl_route_add_nexthop(route.get(), hop);
    if (const int error = ::rtnl_route_add(socket.get(), route.get(), NLM_F_EXCL); error < 0) {
      fail(std::string("rtnl_route_add: ") + ::nl_geterror(error));
    }
  }
  return Clock::now() - start;
}

Seconds add_with_ip_batch(const std::vector<model::Route>& routes) {
  std::string text;
  for (const auto& route : routes) text += "route add " + arguments(route) + "\n";
  return run("/sbin/ip", {"-batch", write_file("batch", text)});
}

Seconds add_with_shell_loop(const std::vector<model::Route>& routes) {
  std::string text = "set -e\n";
  for (const auto& route : routes) text += "ip route add " + arguments(route) + "\n";
  return run("/bin/sh", {write_file("loop.sh", text)});
}

Seconds add_with_bird(const std::vector<model::Route>& routes) {
  std::string text =
      "router id 10.0.0.1;\nprotocol device {}\n"
      "protocol kernel { ipv4 { import none; export all; }; }\nprotocol static { ipv4;\n";
  for (const auto& route : routes) text += "route " + arguments(route) + ";\n";
  const std::string config = write_file("bird.conf", text + "}\n");
  const auto notices = route_socket(RTMGRP_IPV4_ROUTE);
  const auto start = Clock::now();
  const pid_t pid = spawn("/usr/sbin/bird", {"-f", "-c", config, "-s", "/run/bird.ctl"});
  for (std::size_t seen = 0; seen < routes.size();) {
    receive(notices.get(), [&](const nlmsghdr& message) {
      if (kernel::route_protocol(message) == RTPROT_BIRD) ++seen;
    });
  }
  const Seconds taken = Clock::now() - start;
  ::kill(pid, SIGKILL);  // asked politely it would take its routes away first
  ::waitpid(pid, nullptr, 0);
  return taken;
}

Seconds show_with_ip() { return run("/bin/sh", {"-c", "exec ip route show proto 111 >/dev/null"}); }

}  // namespace overland::bench
