/*
 * Preloaded into a program, keeps an undo log for every file below $CHAOS_DISK of all changes that are not yet fsynced.
 * After the program was killed, chaos can thus undo them: a power loss (undo.h). Also lets fsync be slow or fail, and
 * the disk be full or frozen.
 *
 * Changes that cannot be distinguished count as synced: a correct program never loses data that it fsynced. Writes by
 * stdio are logged only if they append. Asynchronous writes (io_uring, libaio) are refused, so that programs fall back
 * to other writes.
 *
 * Only system calls are made here: these functions run in signal handlers, and before the C library is ready.
 */
#define _GNU_SOURCE
#include "control.h"
#include "undo.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <sys/sendfile.h>

static char root[PATH_MAX];
static size_t root_length;

static void lock_mappings(void);
static void unlock_mappings(void);

__attribute__((constructor)) static void begin(void) {
  open_control();
  const char *disk = getenv("CHAOS_DISK"), *directory = getenv("CHAOS_MACHINE");
  if (disk == NULL || directory == NULL || strlen(disk) >= sizeof root || strlen(directory) >= sizeof machine) return;
  /* Copied, since programs that set their process title overwrite their environment. */
  strcpy(root, disk);
  strcpy(machine, directory);
  root_length = strlen(root);
  pthread_atfork(lock_mappings, unlock_mappings, unlock_mappings);
}

/* Returns whether the descriptor is a file on the disk, and sets the file if so. */
static int is_tracked(int fd, struct tracked *file) {
  struct statx found;
  char link[64], path[PATH_MAX];
  if (root_length == 0 || fd < 0) return 0;
  if (syscall(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, &found) != 0) return 0;
  if (!S_ISREG(found.stx_mode)) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  long length = syscall(SYS_readlinkat, AT_FDCWD, link, path, sizeof path - 1);
  if (length < (long)root_length + 1) return 0;
  if (memcmp(path, root, root_length) != 0 || path[root_length] != '/') return 0;
  return name_log(&found, file);
}

/* Like is_tracked, but waits while the disk is frozen. For files that are about to be changed or fsynced. */
static int is_changeable(int fd, struct tracked *file) {
  return is_tracked(fd, file) && (!wait_while_frozen() || is_tracked(fd, file));
}

/* Memory shared with a file on the disk. It changes without a call. */
struct mapping {
  char *start;
  int64_t length;
  int64_t offset;
  struct tracked file;
};
#define MAPPINGS 64
static struct mapping *mappings[MAPPINGS];
static int mapped;
static pthread_mutex_t mapping_lock = PTHREAD_MUTEX_INITIALIZER;
static void lock_mappings(void) { pthread_mutex_lock(&mapping_lock); }
static void unlock_mappings(void) { pthread_mutex_unlock(&mapping_lock); }
/* The largest mapping that is logged. A larger one would have to be copied at every fsync, so it counts as synced. */
#define LARGEST_MAPPING (64LL << 20)

static void record_mapping(const struct mapping *each) {
  int64_t left = each->file.size - each->offset;
  record_part(&each->file, -1, each->start, each->offset, each->offset + (left < each->length ? left : each->length));
}

static void mark_synced(const struct tracked *file, int64_t length, int fd) {
  struct tracked after = *file;
  forget_until(file, length);
  if (fd >= 0 && !is_tracked(fd, &after)) return;
  record_size(&after, after.size);
  if (!mapped) return;
  lock_mappings();
  for (int i = 0; i < MAPPINGS; i++)
    if (mappings[i] != NULL && strcmp(mappings[i]->file.log, file->log) == 0) {
      mappings[i]->file.size = after.size;
      record_mapping(mappings[i]);
    }
  unlock_mappings();
}

static int sync_file(int fd, long number) {
  struct tracked file;
  int kept = errno;
  if (!is_changeable(fd, &file)) {
    errno = kept;
    return (int)syscall(number, fd);
  }
  int64_t length = log_length(&file);
  if (hurt_sync()) return -1;
  int result = (int)syscall(number, fd);
  kept = errno;
  if (result == 0 && length >= 0) mark_synced(&file, length, fd);
  errno = kept;
  return result;
}

int fsync(int fd) { return sync_file(fd, SYS_fsync); }
int fdatasync(int fd) { return sync_file(fd, SYS_fdatasync); }

/* The state of a write, shared by before_writing and after_writing. */
struct writing {
  struct tracked file;
  int is_tracked;
  int is_synced;
};

/* Prepares a write. Returns non-zero if there is no space. Offset -1 means the descriptor's current position. */
static int before_writing(struct writing *writing, int fd, int64_t offset, int64_t length, int syncs) {
  int kept = errno;
  writing->is_tracked = length > 0 && is_changeable(fd, &writing->file);
  errno = kept;
  if (!writing->is_tracked) return 0;
  long flags = syscall(SYS_fcntl, fd, F_GETFL);
  writing->is_synced = syncs || (flags & O_DSYNC) != 0;
  if (flags & O_APPEND) offset = writing->file.size;
  else if (offset < 0) offset = syscall(SYS_lseek, fd, 0, SEEK_CUR);
  if (before_change(&writing->file, fd, offset, length)) return -1;
  if (writing->is_synced && hurt_sync()) return -1;
  errno = kept;
  return 0;
}

static ssize_t after_writing(struct writing *writing, int fd, ssize_t written) {
  int kept = errno;
  if (writing->is_tracked && writing->is_synced && written > 0) {
    int64_t length = log_length(&writing->file);
    if (length >= 0) mark_synced(&writing->file, length, fd);
  }
  errno = kept;
  return written;
}

#define WRITING(fd, offset, length, syncs, call)                              \
  struct writing writing;                                                     \
  if (before_writing(&writing, fd, offset, (int64_t)(length), syncs)) return -1; \
  return after_writing(&writing, fd, (ssize_t)(call))

static int64_t length_of(const struct iovec *parts, int count_of) {
  int64_t sum = 0;
  for (int i = 0; i < count_of; i++) sum += (int64_t)parts[i].iov_len;
  return sum;
}

ssize_t write(int fd, const void *bytes, size_t length) {
  WRITING(fd, -1, length, 0, syscall(SYS_write, fd, bytes, length));
}
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) {
  WRITING(fd, at, length, 0, syscall(SYS_pwrite64, fd, bytes, length, at));
}
ssize_t writev(int fd, const struct iovec *parts, int number) {
  WRITING(fd, -1, length_of(parts, number), 0, syscall(SYS_writev, fd, parts, number));
}
ssize_t pwritev(int fd, const struct iovec *parts, int number, off_t at) {
  WRITING(fd, at, length_of(parts, number), 0, syscall(SYS_pwritev, fd, parts, number, at, 0L));
}
ssize_t pwritev2(int fd, const struct iovec *parts, int number, off_t at, int flags) {
  WRITING(fd, at, length_of(parts, number), (flags & RWF_DSYNC) != 0,
          syscall(SYS_pwritev2, fd, parts, number, at, 0L, flags));
}
ssize_t copy_file_range(int from, off64_t *from_at, int fd, off64_t *at, size_t length, unsigned int flags) {
  WRITING(fd, at == NULL ? -1 : *at, length, 0, syscall(SYS_copy_file_range, from, from_at, fd, at, length, flags));
}
ssize_t sendfile(int fd, int from, off_t *from_at, size_t length) {
  WRITING(fd, -1, length, 0, syscall(SYS_sendfile, fd, from, from_at, length));
}
ssize_t splice(int from, off64_t *from_at, int fd, off64_t *at, size_t length, unsigned int flags) {
  WRITING(fd, at == NULL ? -1 : *at, length, 0, syscall(SYS_splice, from, from_at, fd, at, length, flags));
}

/* Prepares a change of a file's length. Returns non-zero if there is no space. */
static int before_resizing(int fd, int64_t length) {
  struct tracked file;
  int kept = errno;
  if (is_changeable(fd, &file) && before_length(&file, fd, length)) return -1;
  errno = kept;
  return 0;
}

int ftruncate(int fd, off_t length) {
  return before_resizing(fd, length) ? -1 : (int)syscall(SYS_ftruncate, fd, length);
}
int truncate(const char *path, off_t length) {
  int kept = errno, fd = open_quietly(path, O_RDWR);
  int fails = fd >= 0 && before_resizing(fd, length);
  if (fd >= 0) syscall(SYS_close, fd);
  if (fails) {
    errno = ENOSPC;
    return -1;
  }
  errno = kept;
  return (int)syscall(SYS_truncate, path, length);
}
int fallocate(int fd, int mode, off_t at, off_t length) {
  struct tracked file;
  int kept = errno;
  if (is_changeable(fd, &file) && (mode & ~FALLOC_FL_KEEP_SIZE) != 0) record_part(&file, fd, NULL, at, at + length);
  errno = kept;
  if (mode == 0 && before_resizing(fd, at + length)) {
    if (errno == ENOSPC) return -1;
  }
  return (int)syscall(SYS_fallocate, fd, mode, at, length);
}
/* The C library's own function. */
#define REAL(name) ((__typeof__(name) *)dlsym(RTLD_NEXT, #name))

int posix_fallocate(int fd, off_t at, off_t length) {
  struct stat found;
  if (syscall(SYS_fstat, fd, &found) == 0 && at + length <= found.st_size) return 0;
  return before_resizing(fd, at + length) ? ENOSPC : REAL(posix_fallocate)(fd, at, length);
}

/* Prepares an open that truncates a file to zero. */
static void before_emptying(int directory, const char *path) {
  struct tracked file;
  int fd = (int)syscall(SYS_openat, directory, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
  if (fd < 0) return;
  if (is_changeable(fd, &file)) record_part(&file, fd, NULL, 0, file.size);
  syscall(SYS_close, fd);
}

static void after_opening(int fd) {
  struct tracked file;
  if (is_tracked(fd, &file)) record_size(&file, file.size);
}

static int open_file(int directory, const char *path, int flags, mode_t mode) {
  int kept = errno, writes = root_length > 0 && (flags & O_ACCMODE) != O_RDONLY;
  if (writes && (flags & O_TRUNC)) before_emptying(directory, path);
  errno = kept;
  int fd = (int)syscall(SYS_openat, directory, path, flags, mode);
  kept = errno;
  if (writes && fd >= 0) after_opening(fd);
  errno = kept;
  return fd;
}

static mode_t mode_in(int flags, va_list more) {
  return (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(more, mode_t) : 0;
}

#define WITH_MODE(flags, call)            \
  va_list more;                           \
  va_start(more, flags);                  \
  mode_t mode = mode_in(flags, more);     \
  va_end(more);                           \
  return call

int open(const char *path, int flags, ...) { WITH_MODE(flags, open_file(AT_FDCWD, path, flags, mode)); }
int openat(int directory, const char *path, int flags, ...) { WITH_MODE(flags, open_file(directory, path, flags, mode)); }
int creat(const char *path, mode_t mode) { return open_file(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }
int __open_2(const char *path, int flags) { return open_file(AT_FDCWD, path, flags, 0); }
int __openat_2(int directory, const char *path, int flags) { return open_file(directory, path, flags, 0); }

static FILE *open_stream(__typeof__(fopen) *real, const char *path, const char *mode) {
  if (root_length > 0 && mode[0] == 'w') before_emptying(AT_FDCWD, path);
  FILE *stream = real(path, mode);
  if (stream != NULL && (mode[0] != 'r' || strchr(mode, '+') != NULL)) after_opening(fileno(stream));
  return stream;
}
FILE *fopen(const char *path, const char *mode) { return open_stream(REAL(fopen), path, mode); }
FILE *fopen64(const char *path, const char *mode) { return open_stream(REAL(fopen64), path, mode); }

static int made_file(int fd) {
  int kept = errno;
  if (fd >= 0) after_opening(fd);
  errno = kept;
  return fd;
}
int mkstemp(char *name) { return made_file(REAL(mkstemp)(name)); }
int mkstemp64(char *name) { return made_file(REAL(mkstemp64)(name)); }
int mkostemp(char *name, int flags) { return made_file(REAL(mkostemp)(name, flags)); }
int mkostemp64(char *name, int flags) { return made_file(REAL(mkostemp64)(name, flags)); }

static void remember_mapping(char *start, size_t length, int fd, off_t offset) {
  struct tracked file;
  if (!is_tracked(fd, &file)) return;
  struct mapping *made = malloc(sizeof *made);
  if (made == NULL) return;
  *made = (struct mapping){start, (int64_t)length, offset, file};
  record_size(&file, file.size);
  record_mapping(made);
  mapped = 1;
  lock_mappings();
  for (int i = 0; i < MAPPINGS && made != NULL; i++)
    if (mappings[i] == NULL) {
      mappings[i] = made;
      made = NULL;
    }
  unlock_mappings();
  free(made);
}

void *mmap(void *near, size_t length, int protection, int flags, int fd, off_t offset) {
  void *start = (void *)syscall(SYS_mmap, near, length, protection, flags, fd, offset);
  if (start == MAP_FAILED || root_length == 0 || fd < 0 || (flags & MAP_TYPE) == MAP_PRIVATE) return start;
  int kept = errno;
  if ((protection & PROT_WRITE) != 0 && (int64_t)length <= LARGEST_MAPPING) remember_mapping(start, length, fd, offset);
  errno = kept;
  return start;
}

int munmap(void *start, size_t length) {
  if (mapped) {
    struct mapping *gone = NULL;
    lock_mappings();
    for (int i = 0; i < MAPPINGS && gone == NULL; i++)
      if (mappings[i] != NULL && mappings[i]->start == start) {
        gone = mappings[i];
        mappings[i] = NULL;
      }
    unlock_mappings();
    free(gone);
  }
  return (int)syscall(SYS_munmap, start, length);
}

/* Synchronizes a mapping of a file on the disk. The whole file then counts as synced. */
int msync(void *start, size_t length, int flags) {
  struct tracked file;
  int found = 0;
  if (mapped && (flags & MS_SYNC)) {
    lock_mappings();
    for (int i = 0; i < MAPPINGS && !found; i++)
      if (mappings[i] != NULL && (char *)start >= mappings[i]->start &&
          (char *)start < mappings[i]->start + mappings[i]->length) {
        file = mappings[i]->file;
        found = 1;
      }
    unlock_mappings();
  }
  if (found) wait_while_frozen();
  int64_t before = found ? log_length(&file) : -1;
  if (found && hurt_sync()) return -1;
  int result = (int)syscall(SYS_msync, start, length, flags);
  int kept = errno;
  if (result == 0 && before >= 0) mark_synced(&file, before, -1);
  errno = kept;
  return result;
}

void sync(void) {
  int kept = errno;
  syscall(SYS_sync);
  if (root_length > 0) sync_all();
  errno = kept;
}
int syncfs(int fd) {
  int result = (int)syscall(SYS_syncfs, fd), kept = errno;
  if (result == 0 && root_length > 0) sync_all();
  errno = kept;
  return result;
}

int io_setup(int number, void *context) {
  (void)number, (void)context;
  return -ENOSYS;
}
int io_uring_queue_init(unsigned int entries, void *ring, unsigned int flags) {
  (void)entries, (void)ring, (void)flags;
  return -ENOSYS;
}
int io_uring_queue_init_params(unsigned int entries, void *ring, void *parameters) {
  (void)entries, (void)ring, (void)parameters;
  return -ENOSYS;
}
int io_uring_queue_init_mem(unsigned int entries, void *ring, void *parameters, void *memory, size_t size) {
  (void)entries, (void)ring, (void)parameters, (void)memory, (void)size;
  return -ENOSYS;
}

/* Further names of the same functions on 64-bit machines. */
#define ALSO(name, of) __typeof__(of) name __attribute__((alias(#of)))
ALSO(pwrite64, pwrite);
ALSO(pwritev64, pwritev);
ALSO(pwritev64v2, pwritev2);
ALSO(sendfile64, sendfile);
ALSO(ftruncate64, ftruncate);
ALSO(truncate64, truncate);
ALSO(fallocate64, fallocate);
ALSO(posix_fallocate64, posix_fallocate);
ALSO(open64, open);
ALSO(openat64, openat);
ALSO(creat64, creat);
ALSO(__open64_2, __open_2);
ALSO(__openat64_2, __openat_2);
ALSO(mmap64, mmap);
