/* LD_PRELOAD: makes the n-th of chosen libc calls fail, or kills the process there.
 *
 *   FAULT_CALLS   comma-separated names ("sendmsg,write"), or "all"
 *   FAULT_AT      the call, from 1, counted over all chosen ones, that fails; 0: none
 *   FAULT_ERRNO   a number; 0: kill -9 instead of failing; negative: kill after the call was done
 *   FAULT_COUNT   file that gets how many chosen calls the process made, in decimal
 *
 *   FAULT_FORKS   counted is the process that was forked so often; by default the one that was started
 *   FAULT_VICTIM  killed is the process that was forked so often; by default the one that is counted
 *
 * Only one process is counted, from its fork on, and none of the programs it runs. Calls on descriptors 0 to 2 are left alone, so that
 * a report always gets out, and so are calls before main.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static int armed, at, error_number, calls, forks, counted, killed;
static const char* chosen;
static pid_t owner, pids[8];

static int number(const char* name, int otherwise) { return getenv(name) ? atoi(getenv(name)) : otherwise; }

static void enter(void) {
  pids[forks] = getpid();
  calls = 0;
  owner = forks == counted ? getpid() : 0;
}

static void forked(void) {
  if (++forks < 8) enter();
}

static void finish(void) {
  const char* file = getenv("FAULT_COUNT");
  if (file == NULL || getpid() != owner) return;
  armed = 0;
  FILE* out = fopen(file, "w");
  if (out == NULL) return;
  fprintf(out, "%d\n", calls);
  fclose(out);
}

__attribute__((constructor)) static void start(void) {
  chosen = getenv("FAULT_CALLS");
  if (chosen == NULL) return;
  at = number("FAULT_AT", 0);
  error_number = number("FAULT_ERRNO", 0);
  counted = number("FAULT_FORKS", 0);
  killed = number("FAULT_VICTIM", counted);
  enter();
  pthread_atfork(NULL, NULL, forked);
  unsetenv("LD_PRELOAD"); /* children run without it */
  atexit(finish);
  armed = 1;
}

static int is_chosen(const char* name) {
  if (strcmp(chosen, "all") == 0) return 1;
  const size_t length = strlen(name);
  for (const char* p = chosen; (p = strstr(p, name)) != NULL; p += length) {
    const int begins = p == chosen || p[-1] == ',';
    if (begins && (p[length] == ',' || p[length] == '\0')) return 1;
  }
  return 0;
}

/* 0: go on; 1: fail with errno; 2: kill after the call */
static int hit(const char* name) {
  if (!armed || getpid() != owner || !is_chosen(name)) return 0;
  if (++calls != at) return 0;
  if (error_number == 0) {
    kill(pids[killed], SIGKILL);
    return 0; /* whoever kills another one goes on */
  }
  if (error_number < 0) return 2;
  errno = error_number;
  return 1;
}

void _exit(int status) {
  finish();
  ((__typeof__(&_exit))dlsym(RTLD_NEXT, "_exit"))(status);
  __builtin_unreachable();
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define WRAP(type, name, parameters, arguments)         \
  type name parameters {                                \
    const int what = hit(#name);                        \
    if (what == 1) return (type)-1;                     \
    const type result = REAL(name) arguments;           \
    if (what == 2) kill(owner, SIGKILL);                \
    return result;                                      \
  }
#define WRAP_FD(type, name, parameters, arguments)      \
  type name parameters {                                \
    const int what = fd > 2 ? hit(#name) : 0;           \
    if (what == 1) return (type)-1;                     \
    const type result = REAL(name) arguments;           \
    if (what == 2) kill(owner, SIGKILL);                \
    return result;                                      \
  }

WRAP(int, socket, (int domain, int type, int protocol), (domain, type, protocol))
WRAP_FD(ssize_t, sendmsg, (int fd, const struct msghdr* message, int flags), (fd, message, flags))
WRAP_FD(ssize_t, recvmsg, (int fd, struct msghdr* message, int flags), (fd, message, flags))
WRAP_FD(ssize_t, sendto, (int fd, const void* data, size_t size, int flags, const struct sockaddr* to, socklen_t length),
        (fd, data, size, flags, to, length))
WRAP_FD(ssize_t, send, (int fd, const void* data, size_t size, int flags), (fd, data, size, flags))
WRAP_FD(ssize_t, recv, (int fd, void* data, size_t size, int flags), (fd, data, size, flags))
WRAP_FD(ssize_t, recvfrom, (int fd, void* data, size_t size, int flags, struct sockaddr* from, socklen_t* length),
        (fd, data, size, flags, from, length))
WRAP_FD(ssize_t, write, (int fd, const void* data, size_t size), (fd, data, size))
WRAP_FD(ssize_t, read, (int fd, void* data, size_t size), (fd, data, size))
WRAP_FD(int, fsync, (int fd), (fd))
WRAP_FD(int, fchmod, (int fd, mode_t mode), (fd, mode))
WRAP_FD(int, fchown, (int fd, uid_t user, gid_t group), (fd, user, group))
WRAP_FD(int, flock, (int fd, int operation), (fd, operation))
WRAP(int, rename, (const char* from, const char* to), (from, to))
WRAP(int, unlink, (const char* path), (path))
WRAP(int, renameat, (int from_folder, const char* from, int to_folder, const char* to), (from_folder, from, to_folder, to))
WRAP(int, renameat2,
     (int from_folder, const char* from, int to_folder, const char* to, unsigned flags),
     (from_folder, from, to_folder, to, flags))
WRAP(int, unlinkat, (int folder, const char* path, int flags), (folder, path, flags))
WRAP(int, mkdirat, (int folder, const char* path, mode_t mode), (folder, path, mode))
WRAP(int, mkdir, (const char* path, mode_t mode), (path, mode))
WRAP(int, pipe2, (int ends[2], int flags), (ends, flags))
WRAP(int, eventfd, (unsigned value, int flags), (value, flags))

int open(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = va_arg(rest, mode_t);
  va_end(rest);
  const int what = hit("open");
  if (what == 1) return -1;
  const int result = REAL(open)(path, flags, mode);
  if (what == 2) kill(owner, SIGKILL);
  return result;
}

int openat(int folder, const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = va_arg(rest, mode_t);
  va_end(rest);
  const int what = hit("openat");
  if (what == 1) return -1;
  const int result = REAL(openat)(folder, path, flags, mode);
  if (what == 2) kill(owner, SIGKILL);
  return result;
}
