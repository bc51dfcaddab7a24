/*
 * The undo logs of changes that are not yet fsynced, and the faults of changes and fsyncs, for disk.c and layer.c.
 *
 * A file's log, in $CHAOS_MACHINE/undo, is named after the file's inode and birth time. Each record has the contents of
 * a part of the file, and the file's size, before a change. Undoing the records from the last to the first restores the
 * state at the last fsync. The log's length at the start of that fsync is in a file beside the log: earlier records no
 * longer count. Appended data needs no record of its own, since the size is recorded at each open and after each fsync.
 */
#ifndef CHAOS_UNDO_H
#define CHAOS_UNDO_H

#include "control.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>

enum { SIZE = 1, BYTES = 2, ZEROS = 3 };

struct record {
  int64_t kind;
  /* The size of the file before the change. */
  int64_t size;
  int64_t offset;
  int64_t length;
};

struct tracked {
  /* The path of the file's log without a suffix. */
  char log[PATH_MAX];
  int64_t size;
};

/* The size of buffers in bytes, small enough for the stacks of threads. */
#define CHUNK 8192
/* The length of a log in bytes from which on the space of outdated records is freed. */
#define LONG_LOG (1 << 20)

/* The value of $CHAOS_MACHINE. */
static char machine[PATH_MAX];

static int open_quietly(const char *path, int flags) {
  return (int)syscall(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, 0666);
}

/* Sets the path of the file's log. Returns zero if the path is too long. */
static int name_log(const struct statx *found, struct tracked *file) {
  long long born = found->stx_mask & STATX_BTIME ? found->stx_btime.tv_sec * 1000000000LL + found->stx_btime.tv_nsec : 0;
  int made = snprintf(file->log, sizeof file->log, "%s/undo/%llu-%lld", machine, (unsigned long long)found->stx_ino, born);
  file->size = (int64_t)found->stx_size;
  return made < (int)sizeof file->log - 8;
}

static int open_log(const struct tracked *file, const char *suffix, int flags) {
  char path[PATH_MAX + 8];
  snprintf(path, sizeof path, "%s%s", file->log, suffix);
  return open_quietly(path, flags);
}

static void append_record(int log, const struct record *record, const void *bytes) {
  struct iovec parts[2] = {{(void *)record, sizeof *record}, {(void *)bytes, (size_t)record->length}};
  syscall(SYS_writev, log, parts, record->kind == BYTES ? 2 : 1);
}

static void record_size(const struct tracked *file, int64_t size) {
  int log = open_log(file, ".log", O_WRONLY | O_CREAT | O_APPEND);
  if (log < 0) return;
  struct record record = {SIZE, size, 0, 0};
  append_record(log, &record, NULL);
  syscall(SYS_close, log);
}

static int is_zero(const char *bytes, int64_t length) {
  return length == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, (size_t)length - 1) == 0);
}

/* Records the contents of a part of the file, from a readable descriptor or from memory. */
static void record_part(const struct tracked *file, int fd, const char *memory, int64_t from, int64_t to) {
  char bytes[CHUNK];
  if (to > file->size) to = file->size;
  if (from >= to) return;
  int own = -1, log = open_log(file, ".log", O_WRONLY | O_CREAT | O_APPEND);
  if (log < 0) return;
  if (memory == NULL && (syscall(SYS_fcntl, fd, F_GETFL) & O_ACCMODE) == O_WRONLY) {
    snprintf(bytes, sizeof bytes, "/proc/self/fd/%d", fd);
    fd = own = open_quietly(bytes, O_RDONLY);
  }
  for (int64_t at = from; at < to;) {
    int64_t wanted = to - at < CHUNK ? to - at : CHUNK;
    if (memory != NULL) memcpy(bytes, memory + (at - from), (size_t)wanted);
    else wanted = syscall(SYS_pread64, fd, bytes, wanted, at);
    if (wanted <= 0) break;
    struct record record = {is_zero(bytes, wanted) ? ZEROS : BYTES, file->size, at, wanted};
    append_record(log, &record, bytes);
    at += wanted;
  }
  if (own >= 0) syscall(SYS_close, own);
  syscall(SYS_close, log);
}

/* Returns the length of a file's log; -1 if it has none, so that there is nothing to sync. */
static int64_t log_length(const struct tracked *file) {
  struct stat found;
  char path[PATH_MAX + 8];
  snprintf(path, sizeof path, "%s.log", file->log);
  return syscall(SYS_newfstatat, AT_FDCWD, path, &found, 0) == 0 ? (int64_t)found.st_size : -1;
}

/* Marks the records before this length of the log as synced, so that they no longer count. */
static void forget_until(const struct tracked *file, int64_t length) {
  int fd = open_log(file, ".synced", O_RDWR | O_CREAT);
  if (fd < 0) return;
  syscall(SYS_ftruncate, fd, sizeof(int64_t));
  int64_t *synced = (int64_t *)syscall(SYS_mmap, NULL, sizeof(int64_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  syscall(SYS_close, fd);
  if (synced == MAP_FAILED) return;
  int64_t known = now_at(synced);
  while (known < length && !__atomic_compare_exchange_n(synced, &known, length, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
  }
  syscall(SYS_munmap, synced, sizeof(int64_t));
  if (length < LONG_LOG) return;
  int log = open_log(file, ".log", O_WRONLY);
  if (log < 0) return;
  syscall(SYS_fallocate, log, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, length & ~4095LL);
  syscall(SYS_close, log);
}

/* Longest sleep, so that a wait ends soon after its fault. */
#define LONGEST_PAUSE_US 10000

static void sleep_us(int64_t microseconds) {
  struct timespec pause = {0, microseconds * 1000};
  syscall(SYS_nanosleep, &pause, NULL);
}

/*
 * Waits before a change or an fsync while the disk is frozen. Returns non-zero if it waited: other processes may have
 * changed the file first.
 */
static int wait_while_frozen(void) {
  if (!now_at(&control->disk_frozen)) return 0;
  count(&control->changes_held);
  while (now_at(&control->disk_frozen)) sleep_us(LONGEST_PAUSE_US);
  return 1;
}

/* Returns non-zero if the disk is full, so that a file may not grow to this size. */
static int is_refused(const struct tracked *file, int64_t size) {
  if (size <= file->size || !now_at(&control->disk_full)) return 0;
  count(&control->writes_refused);
  errno = ENOSPC;
  return -1;
}

/* Prepares a write to a part of a file. Returns non-zero if there is no space. */
static int before_change(const struct tracked *file, int fd, int64_t offset, int64_t length) {
  if (is_refused(file, offset + length)) return -1;
  if (offset < file->size) record_part(file, fd, NULL, offset, offset + length);
  return 0;
}

/* Prepares a change of a file's length. Returns non-zero if there is no space. */
static int before_length(const struct tracked *file, int fd, int64_t length) {
  if (is_refused(file, length)) return -1;
  if (length < file->size) record_part(file, fd, NULL, length, file->size);
  else record_size(file, file->size);
  return 0;
}

/* Applies the faults of an fsync. Returns non-zero if the fsync fails. */
static int hurt_sync(void) {
  int64_t delay = now_at(&control->sync_delay_us);
  int fails = now_at(&control->sync_fails) != 0;
  if (delay > 0 || fails) count(&control->syncs_hit);
  for (int64_t slept = 0, left; (left = now_at(&control->sync_delay_us) - slept) > 0; slept += left) {
    if (left > LONGEST_PAUSE_US) left = LONGEST_PAUSE_US;
    sleep_us(left);
  }
  if (fails) errno = EIO;
  return fails;
}

/* Marks all files as synced. Finds each log by its name in the directory. */
static inline void sync_all(void) {
  struct entry {
    uint64_t inode;
    int64_t next;
    unsigned short length;
    unsigned char type;
    char name[];
  };
  char names[CHUNK] __attribute__((aligned(8))), path[PATH_MAX];
  if (snprintf(path, sizeof path, "%s/undo", machine) >= (int)sizeof path) return;
  int directory = open_quietly(path, O_RDONLY | O_DIRECTORY);
  if (directory < 0) return;
  for (long read; (read = syscall(SYS_getdents64, directory, names, sizeof names)) > 0;)
    for (long at = 0; at < read;) {
      const struct entry *each = (const struct entry *)(names + at);
      const char *suffix = strstr(each->name, ".log");
      struct tracked file;
      at += each->length;
      if (suffix == NULL) continue;
      int made = snprintf(file.log, sizeof file.log, "%s/%.*s", path, (int)(suffix - each->name), each->name);
      int64_t length = made < (int)sizeof file.log ? log_length(&file) : -1;
      /* The file's size is recorded again when it is next opened or fsynced. */
      if (length >= 0) forget_until(&file, length);
    }
  syscall(SYS_close, directory);
}

#endif
