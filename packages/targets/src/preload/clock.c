/*
 * Preloaded into a program, changes the program's wall clock as $CHAOS_MACHINE/control describes: by a jump, a drift,
 * or both, which may change while the program runs. The monotonic clock stays right, as when an administrator or NTP
 * sets the time. A wait until a time of the wall clock lasts as long as the changed clock predicts when the wait
 * begins.
 */
#define _GNU_SOURCE
#include "control.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>

#define SECOND 1000000000LL
/*
 * The least time that counts as a time of the wall clock, in seconds. The monotonic clock, which counts from the
 * machine's start, stays below it for some thirty years.
 */
#define LEAST_WALL_TIME 1000000000

__attribute__((constructor)) static void begin(void) { open_control(); }

static int64_t nanos_of(const struct timespec *time) { return time->tv_sec * SECOND + time->tv_nsec; }

static void put_nanos(struct timespec *time, int64_t nanos) {
  time->tv_sec = nanos / SECOND;
  time->tv_nsec = nanos % SECOND;
  if (time->tv_nsec < 0) {
    time->tv_nsec += SECOND;
    time->tv_sec--;
  }
}

/* Returns by how many nanoseconds the wall clock is ahead now. */
static int64_t ahead(void) {
  const struct wrongness *wrong = &control->clocks[now_at(&control->clock_slot) & 1];
  int64_t offset = now_at(&wrong->offset_ns), drift = now_at(&wrong->drift_ppm);
  if (offset == 0 && drift == 0) return 0;
  struct timespec monotonic;
  syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &monotonic);
  int64_t elapsed = nanos_of(&monotonic) - now_at(&wrong->since_ns);
  count(&control->clock_reads);
  return offset + elapsed / 1000000 * drift + elapsed % 1000000 * drift / 1000000;
}

static int is_wall(clockid_t clock) { return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_TAI; }

int clock_gettime(clockid_t clock, struct timespec *time) {
  int result = (int)syscall(SYS_clock_gettime, clock, time);
  if (result == 0 && is_wall(clock)) {
    int64_t off = ahead();
    if (off != 0) put_nanos(time, nanos_of(time) + off);
  }
  return result;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
  struct timespec now;
  (void)zone;
  clock_gettime(CLOCK_REALTIME, &now);
  *time = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
  return 0;
}

time_t time(time_t *where) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (where != NULL) *where = now.tv_sec;
  return now.tv_sec;
}

int timespec_get(struct timespec *time, int base) {
  if (base != TIME_UTC) return 0;
  return clock_gettime(CLOCK_REALTIME, time) == 0 ? base : 0;
}

/* Converts a time of the changed clock to the kernel's time. */
static const struct timespec *right_time(const struct timespec *time, struct timespec *made) {
  int64_t off = time == NULL || time->tv_sec < LEAST_WALL_TIME ? 0 : ahead();
  if (off == 0) return time;
  put_nanos(made, nanos_of(time) - off);
  return made;
}

/*
 * Returns the current version of a function for condition variables. A plain search may find an old version, whose
 * condition variables have another structure.
 */
static void *condition(const char *name) {
  void *found = dlvsym(RTLD_NEXT, name, "GLIBC_2.3.2");
  return found != NULL ? found : dlsym(RTLD_NEXT, name);
}

int pthread_cond_timedwait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex,
                           const struct timespec *restrict until) {
  static int (*real)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
  struct timespec made;
  if (real == NULL) *(void **)&real = condition("pthread_cond_timedwait");
  return real(cond, mutex, right_time(until, &made));
}

#define TIMED(name, type)                                                \
  int name(type *restrict on, const struct timespec *restrict until) {   \
    static int (*real)(type *, const struct timespec *);                 \
    struct timespec made;                                                \
    if (real == NULL) *(void **)&real = dlsym(RTLD_NEXT, #name);         \
    return real(on, right_time(until, &made));                           \
  }
TIMED(pthread_mutex_timedlock, pthread_mutex_t)
TIMED(pthread_rwlock_timedrdlock, pthread_rwlock_t)
TIMED(pthread_rwlock_timedwrlock, pthread_rwlock_t)
TIMED(sem_timedwait, sem_t)

int clock_nanosleep(clockid_t clock, int flags, const struct timespec *until, struct timespec *left) {
  struct timespec made;
  if (is_wall(clock) && (flags & TIMER_ABSTIME)) until = right_time(until, &made);
  return syscall(SYS_clock_nanosleep, clock, flags, until, left) == 0 ? 0 : errno;
}

int timerfd_settime(int fd, int flags, const struct itimerspec *when, struct itimerspec *before) {
  struct itimerspec made;
  if ((flags & TFD_TIMER_ABSTIME) && when->it_value.tv_sec >= LEAST_WALL_TIME) {
    made = *when;
    put_nanos(&made.it_value, nanos_of(&when->it_value) - ahead());
    when = &made;
  }
  return (int)syscall(SYS_timerfd_settime, fd, flags, when, before);
}
