/*
 * The page through which chaos controls the libraries that are preloaded into a program. The page is a file that chaos
 * and the program map. Each value has eight bytes in the machine's byte order, and chaos and the program never write
 * the same value. control.ts has the same offsets.
 */
#ifndef CHAOS_CONTROL_H
#define CHAOS_CONTROL_H

#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#if __SIZEOF_POINTER__ != 8
#error "only 64-bit programs can be steered"
#endif

/*
 * The error of a clock: it is ahead by offset_ns, and by drift_ppm of the time since since_ns of the monotonic clock.
 */
struct wrongness {
  int64_t offset_ns;
  int64_t drift_ppm;
  int64_t since_ns;
};

struct control {
  int64_t sync_delay_us;
  int64_t sync_fails;
  int64_t disk_full;
  int64_t disk_frozen;
  /*
   * The number of fsyncs that were delayed or failed, of writes that found no space, and of changes and fsyncs that had
   * to wait.
   */
  int64_t syncs_hit;
  int64_t writes_refused;
  int64_t changes_held;
  int64_t clock_reads;
  /*
   * The index of the valid clock of the two. A change is written to the other clock first, so that no reader sees half
   * of it.
   */
  int64_t clock_slot;
  struct wrongness clocks[2];
};

static struct control no_control;
static struct control *control = &no_control;

/* Maps the page in $CHAOS_MACHINE. Without the variable, nothing is controlled. */
static inline void open_control(void) {
  const char *directory = getenv("CHAOS_MACHINE");
  char path[PATH_MAX];
  if (directory == NULL || snprintf(path, sizeof path, "%s/control", directory) >= (int)sizeof path) return;
  int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0);
  if (fd < 0) return;
  void *page = (void *)syscall(SYS_mmap, NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  syscall(SYS_close, fd);
  if (page != MAP_FAILED) control = page;
}

static inline int64_t now_at(const volatile int64_t *value) { return __atomic_load_n(value, __ATOMIC_ACQUIRE); }
static inline void count(int64_t *value) { __atomic_fetch_add(value, 1, __ATOMIC_RELAXED); }

#endif
