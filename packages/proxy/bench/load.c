// An echo server, and clients that load it or a proxy in front of it. Clients written in Node would use more CPU time
// for a small message than a proxy does. They would limit the rate and make every proxy look fast.
//
//   load serve                                  echoes on a free port until its standard input ends
//   load round-trips PORT CONNECTIONS SECONDS   one round trip of 64 bytes after another on each connection
//   load connects PORT CONNECTIONS SECONDS      connect, one round trip, close; CONNECTIONS of these at a time
//
// The server prints {"port":…}, clients print {"amount":…,"seconds":…,"total":…,"failed":…}. `total` includes the
// warm-up; `amount` and `seconds` do not. Linux only (epoll).

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MESSAGE_BYTES = 64, EVENTS = 256, LISTEN_BACKLOG = 4096, SOURCE_ADDRESSES = 250 };

/* The time before measuring. Meanwhile, connections are opened and the proxy's code is compiled. */
static const double WARM_UP_SECONDS = 0.3;

static char message[MESSAGE_BYTES];

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static double now_seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static struct sockaddr_in loopback(uint32_t host, int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  address.sin_addr.s_addr = htonl((127u << 24) + host);
  return address;
}

static void set_option(int fd, int level, int option) {
  const int on = 1;
  if (setsockopt(fd, level, option, &on, sizeof on) != 0) fail("setsockopt");
}

static void watch(int epoll, int operation, int fd, uint32_t events, uint32_t index) {
  struct epoll_event event = {.events = events, .data.u32 = index};
  if (epoll_ctl(epoll, operation, fd, &event) != 0) fail("epoll_ctl");
}

/* ---- the server: events carry descriptors */

static void accept_all(int epoll, int listener) {
  int fd;
  while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
    set_option(fd, IPPROTO_TCP, TCP_NODELAY);
    watch(epoll, EPOLL_CTL_ADD, fd, EPOLLIN, (uint32_t)fd);
  }
  if (errno != EAGAIN && errno != ECONNABORTED) fail("accept");
}

static void echo(int fd) {
  static char bytes[64 * 1024];
  const ssize_t size = read(fd, bytes, sizeof bytes);
  if (size < 0 && errno == EAGAIN) return;
  /* Clients wait for each answer, so a send buffer never fills. */
  if (size <= 0 || send(fd, bytes, (size_t)size, MSG_NOSIGNAL) != size) close(fd);
}

static int serve(void) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  struct sockaddr_in address = loopback(1, 0);
  socklen_t length = sizeof address;
  if (listener < 0 || bind(listener, (struct sockaddr *)&address, length) != 0 ||
      listen(listener, LISTEN_BACKLOG) != 0 || getsockname(listener, (struct sockaddr *)&address, &length) != 0)
    fail("listen");
  printf("{\"port\":%d}\n", ntohs(address.sin_port));
  fflush(stdout);

  const int epoll = epoll_create1(0);
  watch(epoll, EPOLL_CTL_ADD, listener, EPOLLIN, (uint32_t)listener);
  watch(epoll, EPOLL_CTL_ADD, STDIN_FILENO, EPOLLIN, STDIN_FILENO);
  for (;;) {
    struct epoll_event events[EVENTS];
    const int count = epoll_wait(epoll, events, EVENTS, -1);
    for (int i = 0; i < count; i++) {
      const int fd = (int)events[i].data.u32;
      if (fd == STDIN_FILENO) return 0;
      if (fd == listener) accept_all(epoll, listener);
      else echo(fd);
    }
  }
}

/* ---- the clients: events carry indexes */

struct client {
  int fd;
  int received; /* bytes of the current answer received so far */
  int connecting;
};

struct load {
  int port;
  int epoll;
  int count;
  struct client *clients;
  uint64_t total;
  uint64_t failed;
};

/* Several source addresses are used, because the ports of one address would all be in use by closed connections. */
static int dial(int port) {
  static uint32_t dialled = 0;
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (fd < 0) fail("socket");
  set_option(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT);
  set_option(fd, IPPROTO_TCP, TCP_NODELAY);
  const struct sockaddr_in source = loopback(2 + dialled++ % SOURCE_ADDRESSES, 0);
  if (bind(fd, (const struct sockaddr *)&source, sizeof source) != 0) fail("bind");
  const struct sockaddr_in target = loopback(1, port);
  if (connect(fd, (const struct sockaddr *)&target, sizeof target) != 0 && errno != EINPROGRESS) fail("connect");
  return fd;
}

static void open_client(struct load *load, int index) {
  load->clients[index] = (struct client){.fd = dial(load->port), .connecting = 1};
  watch(load->epoll, EPOLL_CTL_ADD, load->clients[index].fd, EPOLLOUT, (uint32_t)index);
}

static void reopen_client(struct load *load, int index) {
  close(load->clients[index].fd);
  open_client(load, index);
}

static int send_message(int fd) { return send(fd, message, MESSAGE_BYTES, MSG_NOSIGNAL) == MESSAGE_BYTES; }

static void client_ready(struct load *load, int index, int reconnects) {
  struct client *client = &load->clients[index];
  if (client->connecting) {
    client->connecting = 0;
    if (send_message(client->fd)) watch(load->epoll, EPOLL_CTL_MOD, client->fd, EPOLLIN, (uint32_t)index);
    else {
      load->failed++;
      reopen_client(load, index);
    }
    return;
  }
  char bytes[MESSAGE_BYTES];
  const ssize_t size = read(client->fd, bytes, (size_t)(MESSAGE_BYTES - client->received));
  if (size < 0 && errno == EAGAIN) return;
  if (size > 0) client->received += (int)size;
  if (size > 0 && client->received < MESSAGE_BYTES) return;
  client->received = 0;
  if (size > 0) load->total++;
  else load->failed++;
  if (size <= 0 || reconnects || !send_message(client->fd)) reopen_client(load, index);
}

static int run_load(int port, int count, double seconds, int reconnects) {
  struct load load = {.port = port, .count = count, .epoll = epoll_create1(0)};
  load.clients = calloc((size_t)count, sizeof *load.clients);
  if (load.clients == NULL || load.epoll < 0) fail("load");
  for (int i = 0; i < count; i++) open_client(&load, i);

  double from = now_seconds(), now = from;
  uint64_t warm_up = 0;
  int warm = 0;
  while (!warm || now < from + seconds) {
    struct epoll_event events[EVENTS];
    const int ready = epoll_wait(load.epoll, events, EVENTS, 1000);
    for (int i = 0; i < ready; i++) client_ready(&load, (int)events[i].data.u32, reconnects);
    now = now_seconds();
    if (!warm && now >= from + WARM_UP_SECONDS) {
      warm = 1;
      from = now;
      warm_up = load.total;
    }
  }
  printf("{\"amount\":%llu,\"seconds\":%.6f,\"total\":%llu,\"failed\":%llu}\n",
         (unsigned long long)(load.total - warm_up), now - from, (unsigned long long)load.total,
         (unsigned long long)load.failed);
  return 0;
}

int main(int count, char **arguments) {
  signal(SIGPIPE, SIG_IGN);
  memset(message, 'm', sizeof message);
  const char *role = count > 1 ? arguments[1] : "";
  if (count == 2 && strcmp(role, "serve") == 0) return serve();
  const int reconnects = strcmp(role, "connects") == 0;
  if (count != 5 || (!reconnects && strcmp(role, "round-trips") != 0)) {
    fprintf(stderr, "usage: load serve | load round-trips|connects PORT CONNECTIONS SECONDS\n");
    return 3;
  }
  return run_load(atoi(arguments[2]), atoi(arguments[3]), atof(arguments[4]), reconnects);
}
