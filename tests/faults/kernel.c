/* LD_PRELOAD: answers as another kernel does.
 *
 *   KERNEL_WITHOUT_NFTABLES  requests to nf_tables go to a subsystem nfnetlink does not have:
 *                            the kernel refuses them as one without nf_tables does
 *
 *   KERNEL_WITHOUT_VXLAN     links of kind vxlan are asked for as ones of a kind no kernel has
 *
 *   KERNEL_RELEASE           what uname says
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <linux/if_link.h>
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

/* Of a netlink socket; -1 of all others. */
static int protocol_of(int fd) {
  int domain = 0, protocol = 0;
  socklen_t size = sizeof domain;
  if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) != 0 || domain != AF_NETLINK) return -1;
  size = sizeof protocol;
  return getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) == 0 ? protocol : -1;
}

/* Does it ask for what the other kernel does not have? */
static int is_concerned(int fd) {
  const int nftables = getenv("KERNEL_WITHOUT_NFTABLES") != NULL;
  const int vxlan = getenv("KERNEL_WITHOUT_VXLAN") != NULL;
  if (!nftables && !vxlan) return 0;
  const int protocol = protocol_of(fd);
  return (nftables && protocol == NETLINK_NETFILTER) || (vxlan && protocol == NETLINK_ROUTE);
}

/* IFLA_INFO_KIND, whose text may end with a NUL or without. */
static void without_vxlan(char* data, size_t size) {
  static const char kKind[] = "vxlan";
  for (size_t at = 0; at + sizeof(struct nlattr) + 5 <= size; at += NLA_ALIGNTO) {
    struct nlattr* attribute = (struct nlattr*)(data + at);
    if (attribute->nla_type != IFLA_INFO_KIND) continue;
    const size_t length = attribute->nla_len - sizeof *attribute;
    if (length != 5 && length != 6) continue;
    if (memcmp(attribute + 1, kKind, 5) == 0) memcpy(attribute + 1, "vxlax", 5);
  }
}

/* A copy in which nothing is meant for what is not there; NULL where there is nothing to change. */
static void* redirected(int fd, const void* data, size_t size) {
  if (!is_concerned(fd)) return NULL;
  char* copy = malloc(size);
  memcpy(copy, data, size);
  if (protocol_of(fd) == NETLINK_ROUTE) {
    without_vxlan(copy, size);
    return copy;
  }
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
  if (!is_concerned(fd)) return REAL(sendmsg)(fd, message, flags);
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
