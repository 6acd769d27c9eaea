// memory MIB: holds so much memory with known contents, says "tick N" every 5 ms, and "right N" or "WRONG N" when it has
// looked at all of it, which it does every 400 ticks.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static uint64_t word(uint64_t i) {
  i = (i + 0x9e3779b97f4a7c15) * 0xbf58476d1ce4e5b9;
  return i ^ (i >> 27);
}

int main(int argc, char **argv) {
  if (argc < 2) return 2;
  setvbuf(stdout, NULL, _IOLBF, 0);
  size_t words = (size_t)atol(argv[1]) << 17;
  uint64_t *held = malloc(words * sizeof *held);
  for (size_t i = 0; i < words; i++) held[i] = word(i);
  for (unsigned tick = 1;; tick++) {
    printf("tick %u\n", tick);
    usleep(5000);
    if (tick % 400) continue;
    size_t wrong = 0;
    for (size_t i = 0; i < words; i++) wrong += held[i] != word(i);
    printf("%s %u\n", wrong ? "WRONG" : "right", tick);
  }
}
