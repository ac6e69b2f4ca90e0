/* LD_PRELOAD: answers as another kernel does.
 *
 *   KERNEL_WITHOUT_NFTABLES  requests to nf_tables go to a subsystem nfnetlink does not have:
 *                            the kernel refuses them as one without nf_tables does
 *
 *   KERNEL_RELEASE           what uname says
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { kAbsent = 0x7f };

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int is_nfnetlink(int fd) {
  int domain = 0, protocol = 0;
  socklen_t size = sizeof domain;
  if (getenv("KERNEL_WITHOUT_NFTABLES") == NULL) return 0;
  if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) != 0 || domain != AF_NETLINK) return 0;
  size = sizeof protocol;
  return getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) == 0 &&
         protocol == NETLINK_NETFILTER;
}

/* A copy in which nothing is meant for nf_tables; NULL where there is nothing to change. */
static void* redirected(int fd, const void* data, size_t size) {
  if (!is_nfnetlink(fd)) return NULL;
  char* copy = malloc(size);
  memcpy(copy, data, size);
  for (size_t at = 0; at + sizeof(struct nlmsghdr) <= size;) {
    struct nlmsghdr* header = (struct nlmsghdr*)(copy + at);
    if (header->nlmsg_len < sizeof *header) break;
    if (header->nlmsg_type >> 8 == NFNL_SUBSYS_NFTABLES) {
      header->nlmsg_type = (unsigned short)(kAbsent << 8 | (header->nlmsg_type & 0xff));
    }
    if (header->nlmsg_type == NFNL_MSG_BATCH_BEGIN) {
      struct nfgenmsg* batch = NLMSG_DATA(header);
      if (ntohs(batch->res_id) == NFNL_SUBSYS_NFTABLES) batch->res_id = htons(kAbsent);
    }
    at += NLMSG_ALIGN(header->nlmsg_len);
  }
  return copy;
}

ssize_t send(int fd, const void* data, size_t size, int flags) {
  void* copy = redirected(fd, data, size);
  const ssize_t result = REAL(send)(fd, copy != NULL ? copy : data, size, flags);
  free(copy);
  return result;
}

ssize_t sendto(int fd, const void* data, size_t size, int flags, const struct sockaddr* to,
               socklen_t length) {
  void* copy = redirected(fd, data, size);
  const ssize_t result = REAL(sendto)(fd, copy != NULL ? copy : data, size, flags, to, length);
  free(copy);
  return result;
}

ssize_t sendmsg(int fd, const struct msghdr* message, int flags) {
  if (!is_nfnetlink(fd)) return REAL(sendmsg)(fd, message, flags);
  size_t size = 0;
  for (size_t i = 0; i < message->msg_iovlen; ++i) size += message->msg_iov[i].iov_len;
  char* whole = malloc(size);
  size_t at = 0;
  for (size_t i = 0; i < message->msg_iovlen; at += message->msg_iov[i++].iov_len) {
    memcpy(whole + at, message->msg_iov[i].iov_base, message->msg_iov[i].iov_len);
  }
  struct iovec part = {redirected(fd, whole, size), size};
  struct msghdr changed = *message;
  changed.msg_iov = &part;
  changed.msg_iovlen = 1;
  const ssize_t result = REAL(sendmsg)(fd, &changed, flags);
  free(part.iov_base);
  free(whole);
  return result;
}

int uname(struct utsname* name) {
  const int result = REAL(uname)(name);
  const char* release = getenv("KERNEL_RELEASE");
  if (result == 0 && release != NULL) snprintf(name->release, sizeof name->release, "%s", release);
  return result;
}
