// ask SOCKET DEADLINE_MS WORD...
// Sends the words as one line, separated by tabs, to a Unix socket and prints the answer's one line.
// Exits with 1 where nobody answers in time. Tabs and line feeds inside a word become spaces.
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static long now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(argv[1]) >= sizeof address.sun_path) return 2;
  strcpy(address.sun_path, argv[1]);
  long end = now_ms() + atol(argv[2]);

  static char line[16384];
  size_t length = 0;
  for (int i = 3; i < argc; i++) {
    if (i > 3 && length < sizeof line - 2) line[length++] = '\t';
    for (char *c = argv[i]; *c && length < sizeof line - 2; c++)
      line[length++] = (*c == '\t' || *c == '\n' || *c == '\r') ? ' ' : *c;
  }
  line[length++] = '\n';

  int s = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (s < 0 || connect(s, (struct sockaddr *)&address, sizeof address) != 0) return 1;
  if (send(s, line, length, MSG_NOSIGNAL) != (ssize_t)length) return 1;

  static char answer[8192];
  size_t got = 0;
  for (;;) {
    long left = end - now_ms();
    if (left <= 0) return 1;
    struct pollfd p = {.fd = s, .events = POLLIN};
    if (poll(&p, 1, (int)left) <= 0) return 1;
    ssize_t n = read(s, answer + got, sizeof answer - got);
    if (n <= 0) return 1;
    got += (size_t)n;
    char *stop = memchr(answer, '\n', got);
    if (stop) return write(1, answer, (size_t)(stop - answer) + 1) > 0 ? 0 : 1;
    if (got == sizeof answer) return 1;
  }
}
