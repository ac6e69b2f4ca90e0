// A dockerd as far as overland asks one: its version, its pid file and its socket. How it answers is in
// /run/dockerd.mode, read anew each time, so that a test can break it while it runs.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const char* mode(void) {
  static char text[32];
  FILE* file = fopen("/run/dockerd.mode", "r");
  text[0] = '\0';
  if (file != NULL && fgets(text, sizeof text, file) != NULL) text[strcspn(text, "\n")] = '\0';
  if (file != NULL) fclose(file);
  return text;
}

static int is(const char* word) { return strcmp(mode(), word) == 0; }

static void say(int fd, const char* text) {
  // Who has heard enough is gone.
  if (write(fd, text, strlen(text)) < 0 && errno != EPIPE) perror("write");
}

static void reply(int fd, const char* status, const char* body) {
  char head[256];
  snprintf(head, sizeof head, "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n", status,
           strlen(body));
  say(fd, head);
  say(fd, body);
}

// How many events of a flood were taken, in thousands' steps: /run/dockerd.taken.
static void count(long taken) {
  FILE* file = fopen("/run/dockerd.taken", "w");
  if (file == NULL) return;
  fprintf(file, "%ld", taken);
  fclose(file);
}

// A stream of events that ends at once, never ends, or says nothing; all else is answered well.
static int stream(int fd) {
  if (is("events close")) return say(fd, "HTTP/1.1 200 OK\r\n\r\n"), 1;
  if (!is("events flood") && !is("events hang")) return 0;
  if (fork() != 0) return 1;
  signal(SIGPIPE, SIG_DFL);
  if (is("events flood")) {
    say(fd, "HTTP/1.1 200 OK\r\n\r\n");
    for (long taken = 1;; ++taken) {
      say(fd, "{\"Type\": \"network\", \"Action\": \"connect\"}\n");
      if (taken % 1000 == 0) count(taken);
    }
  }
  sleep(600);
  _exit(0);
}

// As /run/dockerd.networks has them.
static const char* networks(void) {
  static char text[65536];
  FILE* file = fopen("/run/dockerd.networks", "r");
  if (file == NULL) return "[]";
  text[fread(text, 1, sizeof text - 1, file)] = '\0';
  fclose(file);
  return text;
}

static void serve(int fd, const char* question) {
  if (strstr(question, "/events") != NULL && stream(fd)) return;
  if (is("refuse")) return reply(fd, "500 Internal Server Error", "{\"message\": \"no\"}");
  if (is("junk")) return reply(fd, "200 OK", "{,");
  if (is("types")) return reply(fd, "200 OK", "{\"ServerVersion\": [], \"LiveRestoreEnabled\": 7}");
  if (is("garbage")) return say(fd, "\001\002\003 no HTTP at all\r\n\r\n");
  if (is("half")) return say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"ServerVersion\"");
  if (is("close")) return;
  if (is("flood")) {
    say(fd, "HTTP/1.1 200 OK\r\n\r\n");
    static char much[65536];
    memset(much, ' ', sizeof much);
    for (int i = 0; i < 1024 && write(fd, much, sizeof much) > 0; ++i) {
    }
    return;
  }
  if (is("hang")) {
    if (fork() == 0) sleep(600), _exit(0);
    return;
  }
  if (strstr(question, "/networks") != NULL) return reply(fd, "200 OK", networks());
  reply(fd, "200 OK", "{\"ServerVersion\": \"28.5.2\", \"LiveRestoreEnabled\": false}");
}

int main(int count, char** words) {
  if (count > 1 && strcmp(words[1], "--version") == 0) {
    if (is("deaf")) sleep(600);
    if (is("crash")) abort();
    return puts("Docker version 28.5.2, build 0") < 0;
  }
  if (count > 1) return 0;  // --validate --config-file=...
  signal(SIGPIPE, SIG_IGN);  // who asks may hang up
  const int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/run/docker.sock"};
  unlink(address.sun_path);
  if (bind(listener, (struct sockaddr*)&address, sizeof address) != 0 || listen(listener, 16) != 0) return 1;
  FILE* pid = fopen("/run/docker.pid", "w");
  if (pid == NULL) return 1;
  fprintf(pid, "%d", (int)getpid());
  fclose(pid);
  for (;;) {
    const int fd = accept(listener, NULL, NULL);
    char question[4096];
    const ssize_t got = read(fd, question, sizeof question - 1);
    question[got > 0 ? got : 0] = '\0';
    serve(fd, question);
    close(fd);
  }
}
