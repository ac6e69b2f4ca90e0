/* LD_PRELOAD: what a watcher may meet.
 *
 *   ODD_NETLINK   the protocol (0 NETLINK_ROUTE, 12 NETLINK_NETFILTER) whose groups nobody may join
 *   ODD_CLOCK     CLOCK_REALTIME leaps a year on and back with each question
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int setsockopt(int fd, int level, int option, const void* value, socklen_t size) {
  const char* refused = getenv("ODD_NETLINK");
  int protocol = 0;
  socklen_t length = sizeof protocol;
  if (refused != NULL && level == SOL_NETLINK && option == NETLINK_ADD_MEMBERSHIP &&
      getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &length) == 0 && protocol == atoi(refused)) {
    errno = EACCES;
    return -1;
  }
  return REAL(setsockopt)(fd, level, option, value, size);
}

int clock_gettime(clockid_t clock, struct timespec* now) {
  static int leaps = 0;
  const int result = REAL(clock_gettime)(clock, now);
  if (result == 0 && clock == CLOCK_REALTIME && getenv("ODD_CLOCK") != NULL) {
    now->tv_sec += ++leaps % 2 == 0 ? -31536000 : 31536000;
  }
  return result;
}
