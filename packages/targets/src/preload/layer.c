/*
 * layer DISK PROGRAM ARGUMENTS…: runs a program for which the directory DISK is a file system that keeps the logs of
 * undo.h. Its fsyncs can be slow or fail, and it can be full or frozen. It does for every program what disk.c does for
 * programs that use the C library.
 *
 * The file system is mounted by FUSE (linux/fuse.h) in a mount namespace of this program alone. It passes all requests
 * to the directory below, which all other processes, including chaos, use directly. Nothing has to be unmounted: the
 * mount ends with the last process that sees it. The program replaces this process. The server is not a descendant of
 * the program, so it continues while the program's processes are stopped, and ends after the program.
 *
 * Names and changes of directories are durable immediately. Data reaches the directory below with each write, since the
 * kernel caches no dirty data except for shared writable mappings: their changes are lost if the server ends.
 */
#define _GNU_SOURCE
#include "control.h"
#include "undo.h"

#include <dirent.h>
#include <linux/fuse.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/wait.h>

/* Number of threads, enough for all calls that wait for a slow disk and for other calls. */
#define WORKERS 48
#define LONGEST_WRITE (1 << 20)
#define BUFFER (LONGEST_WRITE + 4096)
/* How long the kernel may cache names and attributes. No other process changes the directory while a program runs. */
#define VALID_SECONDS 60

static int device;

/* A file that the kernel knows. The node's address is its node id in the kernel. */
struct node {
  int fd;
  dev_t dev;
  ino_t inode;
  uint64_t lookups;
  struct node *next;
};
#define BUCKETS 1024
static struct node *buckets[BUCKETS];
static struct node top;
static pthread_mutex_t nodes_lock = PTHREAD_MUTEX_INITIALIZER;

static struct node *node_of(uint64_t id) { return id == FUSE_ROOT_ID ? &top : (struct node *)(uintptr_t)id; }

/* Returns the node of a descriptor, and takes ownership of the descriptor. Returns NULL if memory is exhausted. */
static struct node *enter(int fd, const struct stat *found) {
  pthread_mutex_lock(&nodes_lock);
  struct node **bucket = &buckets[found->st_ino % BUCKETS], *node = *bucket;
  while (node != NULL && (node->inode != found->st_ino || node->dev != found->st_dev)) node = node->next;
  if (node != NULL) close(fd);
  else if ((node = malloc(sizeof *node)) != NULL) {
    *node = (struct node){fd, found->st_dev, found->st_ino, 0, *bucket};
    *bucket = node;
  }
  if (node != NULL) node->lookups++;
  pthread_mutex_unlock(&nodes_lock);
  return node;
}

static void forget(uint64_t id, uint64_t lookups) {
  struct node *node = node_of(id);
  if (node == &top) return;
  pthread_mutex_lock(&nodes_lock);
  node->lookups -= lookups;
  if (node->lookups == 0) {
    struct node **at = &buckets[node->inode % BUCKETS];
    while (*at != node) at = &(*at)->next;
    *at = node->next;
    close(node->fd);
    free(node);
  }
  pthread_mutex_unlock(&nodes_lock);
}

/* A request of the kernel, with its argument and its node. */
struct request {
  const struct fuse_in_header *in;
  const void *arg;
  struct node *node;
};

static void answer(const struct request *request, int error, const void *bytes, size_t length) {
  struct fuse_out_header head = {(uint32_t)(sizeof head + (error ? 0 : length)), -error, request->in->unique};
  struct iovec parts[2] = {{&head, sizeof head}, {(void *)bytes, length}};
  if (writev(device, parts, error ? 1 : 2) < 0 && errno == ENODEV) _exit(0);
}

static void answer_result(const struct request *request, int result) {
  answer(request, result < 0 ? errno : 0, NULL, 0);
}

static void path_of(int fd, char path[64]) { snprintf(path, 64, "/proc/self/fd/%d", fd); }

static int reopen(int fd, int flags) {
  char path[64];
  path_of(fd, path);
  return open(path, flags | O_CLOEXEC);
}

static void fill(struct fuse_attr *attr, const struct stat *found) {
  *attr = (struct fuse_attr){
      .ino = found->st_ino,
      .size = (uint64_t)found->st_size,
      .blocks = (uint64_t)found->st_blocks,
      .atime = (uint64_t)found->st_atim.tv_sec,
      .mtime = (uint64_t)found->st_mtim.tv_sec,
      .ctime = (uint64_t)found->st_ctim.tv_sec,
      .atimensec = (uint32_t)found->st_atim.tv_nsec,
      .mtimensec = (uint32_t)found->st_mtim.tv_nsec,
      .ctimensec = (uint32_t)found->st_ctim.tv_nsec,
      .mode = found->st_mode,
      .nlink = (uint32_t)found->st_nlink,
      .uid = found->st_uid,
      .gid = found->st_gid,
      .rdev = (uint32_t)found->st_rdev,
      .blksize = (uint32_t)found->st_blksize,
  };
}

/* Looks up a name. Returns zero, or an error. */
static int look_up(const struct request *request, const char *name, struct fuse_entry_out *entry) {
  struct stat found;
  int fd = openat(request->node->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return errno;
  if (fstat(fd, &found) != 0) {
    int error = errno;
    close(fd);
    return error;
  }
  struct node *node = enter(fd, &found);
  if (node == NULL) return ENOMEM;
  *entry = (struct fuse_entry_out){.nodeid = (uint64_t)(uintptr_t)node, .entry_valid = VALID_SECONDS, .attr_valid = VALID_SECONDS};
  fill(&entry->attr, &found);
  return 0;
}

static void answer_entry(const struct request *request, const char *name, int result) {
  struct fuse_entry_out entry;
  int error = result < 0 ? errno : look_up(request, name, &entry);
  answer(request, error, &entry, sizeof entry);
}

static void answer_attributes(const struct request *request) {
  struct stat found;
  struct fuse_attr_out out = {.attr_valid = VALID_SECONDS};
  if (fstat(request->node->fd, &found) != 0) {
    answer(request, errno, NULL, 0);
    return;
  }
  fill(&out.attr, &found);
  answer(request, 0, &out, sizeof out);
}

/* Returns whether the descriptor is a regular file, and sets the file if so. */
static int track(int fd, struct tracked *file) {
  struct statx found;
  if (statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, &found) != 0) return 0;
  return S_ISREG(found.stx_mode) && name_log(&found, file);
}

/* Syncs a file, or only its data. Returns non-zero if that fails. */
static int sync_now(int fd, int data_only) {
  struct tracked file;
  int is_tracked = track(fd, &file);
  int64_t length = is_tracked ? log_length(&file) : -1;
  if (is_tracked && hurt_sync()) return -1;
  if ((data_only ? fdatasync(fd) : fsync(fd)) != 0) return -1;
  if (length < 0) return 0;
  forget_until(&file, length);
  if (track(fd, &file)) record_size(&file, file.size);
  return 0;
}

/*
 * Returns the flags with which a file is opened below. The kernel finds the end of a file itself, and a file that is
 * only written may have to be read for its log.
 */
static int flags_below(uint32_t flags) {
  int access = (flags & O_ACCMODE) == O_RDONLY ? O_RDONLY : O_RDWR;
  return access | (int)(flags & ~(uint32_t)(O_ACCMODE | O_APPEND | O_CREAT | O_EXCL | O_TRUNC | O_NOFOLLOW | O_DIRECT | O_SYNC));
}

/* Begins the log of a file that is opened for writing, with the file's current size. */
static void begin_log(int fd, uint32_t flags) {
  struct tracked file;
  if ((flags & O_ACCMODE) != O_RDONLY && track(fd, &file)) record_size(&file, file.size);
}

static void on_open(const struct request *request) {
  const struct fuse_open_in *arg = request->arg;
  int fd = reopen(request->node->fd, flags_below(arg->flags));
  struct fuse_open_out out = {.fh = (uint64_t)fd, .open_flags = FOPEN_KEEP_CACHE};
  if (fd >= 0) begin_log(fd, arg->flags);
  answer(request, fd < 0 ? errno : 0, &out, sizeof out);
}

static void on_create(const struct request *request) {
  const struct fuse_create_in *arg = request->arg;
  const char *name = (const char *)(arg + 1);
  struct {
    struct fuse_entry_out entry;
    struct fuse_open_out open;
  } out = {0};
  int flags = flags_below(arg->flags) | O_CREAT | (int)(arg->flags & O_EXCL);
  int fd = openat(request->node->fd, name, flags | O_NOFOLLOW | O_CLOEXEC, arg->mode & ~arg->umask);
  int error = fd < 0 ? errno : look_up(request, name, &out.entry);
  if (fd >= 0 && error != 0) close(fd);
  if (error == 0) begin_log(fd, arg->flags);
  out.open.fh = (uint64_t)fd;
  answer(request, error, &out, sizeof out);
}

static void on_write(const struct request *request) {
  const struct fuse_write_in *arg = request->arg;
  const char *bytes = (const char *)(arg + 1);
  int fd = (int)arg->fh;
  struct tracked file;
  if (track(fd, &file) && before_change(&file, fd, (int64_t)arg->offset, arg->size)) {
    answer(request, errno, NULL, 0);
    return;
  }
  ssize_t written = pwrite(fd, bytes, arg->size, (off_t)arg->offset);
  if (written >= 0 && (arg->flags & O_DSYNC) && sync_now(fd, 1) != 0) written = -1;
  struct fuse_write_out out = {.size = (uint32_t)written};
  answer(request, written < 0 ? errno : 0, &out, sizeof out);
}

static void on_read(const struct request *request, char *buffer) {
  const struct fuse_read_in *arg = request->arg;
  uint32_t size = arg->size < LONGEST_WRITE ? arg->size : LONGEST_WRITE;
  ssize_t read = pread((int)arg->fh, buffer, size, (off_t)arg->offset);
  answer(request, read < 0 ? errno : 0, buffer, read < 0 ? 0 : (size_t)read);
}

/* Changes the length of a file. Returns zero, or -1 on failure. */
static int resize(const struct request *request, const struct fuse_setattr_in *arg) {
  struct tracked file;
  int own = arg->valid & FATTR_FH ? -1 : reopen(request->node->fd, O_RDWR);
  int fd = arg->valid & FATTR_FH ? (int)arg->fh : own;
  int result = fd < 0 || (track(fd, &file) && before_length(&file, fd, (int64_t)arg->size)) ? -1 : ftruncate(fd, (off_t)arg->size);
  int kept = errno;
  if (own >= 0) close(own);
  errno = kept;
  return result;
}

static struct timespec time_of(uint32_t valid, uint32_t given, uint32_t now, uint64_t seconds, uint32_t nanos) {
  if (valid & now) return (struct timespec){0, UTIME_NOW};
  if (valid & given) return (struct timespec){(time_t)seconds, nanos};
  return (struct timespec){0, UTIME_OMIT};
}

static void on_setattr(const struct request *request) {
  const struct fuse_setattr_in *arg = request->arg;
  int fd = request->node->fd, result = 0;
  char path[64];
  path_of(fd, path);
  if (arg->valid & FATTR_MODE) result = chmod(path, arg->mode & 07777);
  if (result == 0 && (arg->valid & (FATTR_UID | FATTR_GID)))
    result = fchownat(fd, "", arg->valid & FATTR_UID ? arg->uid : (uid_t)-1, arg->valid & FATTR_GID ? arg->gid : (gid_t)-1,
                      AT_EMPTY_PATH);
  if (result == 0 && (arg->valid & FATTR_SIZE)) result = resize(request, arg);
  if (result == 0 && (arg->valid & (FATTR_ATIME | FATTR_MTIME))) {
    struct timespec times[2] = {
        time_of(arg->valid, FATTR_ATIME, FATTR_ATIME_NOW, arg->atime, arg->atimensec),
        time_of(arg->valid, FATTR_MTIME, FATTR_MTIME_NOW, arg->mtime, arg->mtimensec),
    };
    result = utimensat(AT_FDCWD, path, times, 0);
  }
  if (result != 0) answer_result(request, result);
  else answer_attributes(request);
}

static void on_fallocate(const struct request *request) {
  const struct fuse_fallocate_in *arg = request->arg;
  int fd = (int)arg->fh, mode = (int)arg->mode;
  int64_t at = (int64_t)arg->offset, length = (int64_t)arg->length;
  struct tracked file;
  if (track(fd, &file)) {
    if (mode == 0 && at + length > file.size && before_length(&file, fd, at + length)) {
      answer(request, errno, NULL, 0);
      return;
    }
    if ((mode & ~FALLOC_FL_KEEP_SIZE) != 0) record_part(&file, fd, NULL, at, at + length);
  }
  answer_result(request, fallocate(fd, mode, at, length));
}

static void on_opendir(const struct request *request) {
  int fd = openat(request->node->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *directory = fd < 0 ? NULL : fdopendir(fd);
  struct fuse_open_out out = {.fh = (uint64_t)(uintptr_t)directory};
  answer(request, directory == NULL ? errno : 0, &out, sizeof out);
}

/* Reads a directory. The kernel serializes the reads of each open directory. */
static void on_readdir(const struct request *request, char *buffer) {
  const struct fuse_read_in *arg = request->arg;
  DIR *directory = (DIR *)(uintptr_t)arg->fh;
  size_t length = 0, most = arg->size < LONGEST_WRITE ? arg->size : LONGEST_WRITE;
  seekdir(directory, (long)arg->offset);
  for (struct dirent *each; (each = readdir(directory)) != NULL;) {
    size_t name = strlen(each->d_name), size = FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET + name);
    if (length + size > most) break;
    struct fuse_dirent *entry = (struct fuse_dirent *)(buffer + length);
    memset(entry, 0, size);
    *entry = (struct fuse_dirent){each->d_ino, (uint64_t)telldir(directory), (uint32_t)name, each->d_type};
    memcpy(entry->name, each->d_name, name);
    length += size;
  }
  answer(request, 0, buffer, length);
}

static void on_statfs(const struct request *request) {
  struct statvfs found;
  struct fuse_statfs_out out = {0};
  if (fstatvfs(request->node->fd, &found) != 0) {
    answer(request, errno, NULL, 0);
    return;
  }
  out.st = (struct fuse_kstatfs){
      .blocks = found.f_blocks,
      .bfree = found.f_bfree,
      .bavail = found.f_bavail,
      .files = found.f_files,
      .ffree = found.f_ffree,
      .bsize = (uint32_t)found.f_bsize,
      .namelen = (uint32_t)found.f_namemax,
      .frsize = (uint32_t)found.f_frsize,
  };
  answer(request, 0, &out, sizeof out);
}

static void on_init(const struct request *request) {
  const struct fuse_init_in *arg = request->arg;
  struct fuse_init_out out = {
      .major = FUSE_KERNEL_VERSION,
      .minor = FUSE_KERNEL_MINOR_VERSION,
      .max_readahead = arg->max_readahead,
      .flags = arg->flags & (FUSE_ASYNC_READ | FUSE_BIG_WRITES | FUSE_MAX_PAGES | FUSE_PARALLEL_DIROPS),
      .max_background = WORKERS / 2,
      .congestion_threshold = WORKERS / 2,
      .max_write = LONGEST_WRITE,
      .max_pages = LONGEST_WRITE / 4096,
      .time_gran = 1,
  };
  answer(request, 0, &out, sizeof out);
}

static void on_link(const struct request *request) {
  const struct fuse_link_in *arg = request->arg;
  const char *name = (const char *)(arg + 1);
  char path[64];
  path_of(node_of(arg->oldnodeid)->fd, path);
  answer_entry(request, name, linkat(AT_FDCWD, path, request->node->fd, name, AT_SYMLINK_FOLLOW));
}

static void rename_to(const struct request *request, uint64_t to, unsigned int flags, const char *name) {
  const char *new_name = name + strlen(name) + 1;
  answer_result(request, renameat2(request->node->fd, name, node_of(to)->fd, new_name, flags));
}

/* Handles requests that create, name or remove files. */
static void on_names(const struct request *request, char *buffer) {
  int fd = request->node->fd;
  const char *name = request->arg;
  switch (request->in->opcode) {
    case FUSE_LOOKUP: answer_entry(request, name, 0); return;
    case FUSE_UNLINK: answer_result(request, unlinkat(fd, name, 0)); return;
    case FUSE_RMDIR: answer_result(request, unlinkat(fd, name, AT_REMOVEDIR)); return;
    case FUSE_SYMLINK: answer_entry(request, name, symlinkat(name + strlen(name) + 1, fd, name)); return;
    case FUSE_LINK: on_link(request); return;
    case FUSE_MKDIR: {
      const struct fuse_mkdir_in *arg = request->arg;
      name = (const char *)(arg + 1);
      answer_entry(request, name, mkdirat(fd, name, arg->mode & ~arg->umask));
      return;
    }
    case FUSE_MKNOD: {
      const struct fuse_mknod_in *arg = request->arg;
      name = (const char *)(arg + 1);
      answer_entry(request, name, mknodat(fd, name, arg->mode & ~arg->umask, arg->rdev));
      return;
    }
    case FUSE_RENAME: {
      const struct fuse_rename_in *arg = request->arg;
      rename_to(request, arg->newdir, 0, (const char *)(arg + 1));
      return;
    }
    case FUSE_RENAME2: {
      const struct fuse_rename2_in *arg = request->arg;
      rename_to(request, arg->newdir, arg->flags, (const char *)(arg + 1));
      return;
    }
    case FUSE_READLINK: {
      ssize_t length = readlinkat(fd, "", buffer, PATH_MAX);
      answer(request, length < 0 ? errno : 0, buffer, length < 0 ? 0 : (size_t)length);
      return;
    }
    default: answer(request, ENOSYS, NULL, 0);
  }
}

/* Returns whether a frozen disk delays a request: one that changes or syncs a file. */
static int is_held(const struct request *request) {
  switch (request->in->opcode) {
    case FUSE_WRITE:
    case FUSE_FALLOCATE:
    case FUSE_FSYNC: return 1;
    case FUSE_SETATTR: return (((const struct fuse_setattr_in *)request->arg)->valid & FATTR_SIZE) != 0;
    default: return 0;
  }
}

static void serve_one(const struct request *request, char *buffer) {
  if (is_held(request)) wait_while_frozen();
  switch (request->in->opcode) {
    case FUSE_INIT: on_init(request); return;
    case FUSE_DESTROY: _exit(0);
    case FUSE_INTERRUPT: return;
    case FUSE_FORGET: forget(request->in->nodeid, ((const struct fuse_forget_in *)request->arg)->nlookup); return;
    case FUSE_BATCH_FORGET: {
      const struct fuse_batch_forget_in *arg = request->arg;
      const struct fuse_forget_one *each = (const struct fuse_forget_one *)(arg + 1);
      for (uint32_t i = 0; i < arg->count; i++) forget(each[i].nodeid, each[i].nlookup);
      return;
    }
    case FUSE_GETATTR: answer_attributes(request); return;
    case FUSE_SETATTR: on_setattr(request); return;
    case FUSE_OPEN: on_open(request); return;
    case FUSE_CREATE: on_create(request); return;
    case FUSE_READ: on_read(request, buffer); return;
    case FUSE_WRITE: on_write(request); return;
    case FUSE_FALLOCATE: on_fallocate(request); return;
    case FUSE_OPENDIR: on_opendir(request); return;
    case FUSE_READDIR: on_readdir(request, buffer); return;
    case FUSE_STATFS: on_statfs(request); return;
    case FUSE_FLUSH: answer(request, 0, NULL, 0); return;
    case FUSE_FSYNC: {
      const struct fuse_fsync_in *arg = request->arg;
      answer_result(request, sync_now((int)arg->fh, (arg->fsync_flags & FUSE_FSYNC_FDATASYNC) != 0));
      return;
    }
    case FUSE_FSYNCDIR:
      answer_result(request, fsync(dirfd((DIR *)(uintptr_t)((const struct fuse_fsync_in *)request->arg)->fh)));
      return;
    case FUSE_RELEASE: answer_result(request, close((int)((const struct fuse_release_in *)request->arg)->fh)); return;
    case FUSE_RELEASEDIR:
      answer_result(request, closedir((DIR *)(uintptr_t)((const struct fuse_release_in *)request->arg)->fh));
      return;
    default: on_names(request, buffer);
  }
}

static void *work(void *unused) {
  char *asked = malloc(BUFFER), *buffer = malloc(BUFFER);
  if (asked == NULL || buffer == NULL) _exit(1);
  for (;;) {
    ssize_t length = read(device, asked, BUFFER);
    if (length < 0 && (errno == EINTR || errno == EAGAIN || errno == ENOENT)) continue;
    if (length < (ssize_t)sizeof(struct fuse_in_header)) _exit(0);
    const struct fuse_in_header *in = (const struct fuse_in_header *)asked;
    struct request request = {in, in + 1, node_of(in->nodeid)};
    serve_one(&request, buffer);
  }
  return unused;
}

/* Returns whether a process has ended, or must end as soon as it leaves the kernel. */
static int is_ending(pid_t pid) {
  char path[64], line[256];
  snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
  FILE *status = fopen(path, "re");
  unsigned long long pending = 0, own = 0;
  char state = 'X';
  if (status == NULL) return 1;
  while (fgets(line, sizeof line, status) != NULL) {
    sscanf(line, "State: %c", &state);
    sscanf(line, "SigPnd: %llx", &own);
    sscanf(line, "ShdPnd: %llx", &pending);
  }
  fclose(status);
  return state == 'X' || state == 'Z' || (((own | pending) >> (SIGKILL - 1)) & 1) != 0;
}

#define LOOK_EVERY_US 20000
/*
 * The number of checks that must find the program ending before the server ends. A killed process waits for its call,
 * which may be on a slow disk; the server's end aborts the call.
 */
#define ENDS_WITHIN_LOOKS 25

static void serve(pid_t program) {
  struct rlimit files = {65536, 65536};
  setrlimit(RLIMIT_NOFILE, &files);
  umask(0);
  for (int i = 0; i < WORKERS; i++) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, work, NULL) != 0) _exit(1);
  }
  for (int looks = 0; looks < ENDS_WITHIN_LOOKS; usleep(LOOK_EVERY_US)) looks = is_ending(program) ? looks + 1 : 0;
  _exit(0);
}

static void fail(const char *what) {
  fprintf(stderr, "chaos: the disk cannot be put below a program: %s: %s\n", what, strerror(errno));
  exit(126);
}

/* Starts the server as a separate process, without the marks in the environment by which descendants are found. */
static void start_server(char **environment) {
  pid_t program = getpid(), child = fork();
  if (child < 0) fail("fork");
  if (child > 0) {
    int status;
    waitpid(child, &status, 0);
    if (status != 0) fail("fork");
    return;
  }
  setsid();
  pid_t server = fork();
  if (server != 0) _exit(server < 0);
  for (char **each = environment; *each != NULL; each++) memset(*each, 0, strlen(*each));
  int nowhere = open("/dev/null", O_RDWR);
  for (int fd = 0; fd < 3; fd++) dup2(nowhere, fd);
  serve(program);
}

int main(int count_of, char **words, char **environment) {
  char options[128], here[PATH_MAX];
  const char *directory = getenv("CHAOS_MACHINE");
  if (count_of < 3 || directory == NULL || strlen(directory) >= sizeof machine) {
    fprintf(stderr, "usage: CHAOS_MACHINE=DIRECTORY layer DISK PROGRAM ARGUMENTS…\n");
    return 126;
  }
  strcpy(machine, directory);
  open_control();
  if (getcwd(here, sizeof here) == NULL) fail("getcwd");
  if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) fail("a namespace of mounts");
  top.fd = open(words[1], O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (top.fd < 0) fail(words[1]);
  device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
  if (device < 0) fail("/dev/fuse");
  snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other,default_permissions", device);
  if (mount("chaos-disk", words[1], "fuse", MS_NOSUID | MS_NODEV, options) != 0) fail("mount");
  start_server(environment);
  /*
   * The working directory was entered before the mount, and is the directory below it. Enter it again through the
   * mount.
   */
  if (chdir(here) != 0) fail(here);
  execvp(words[2], words + 2);
  fail(words[2]);
}
