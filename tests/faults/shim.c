/* Makes the calls of one process fail, or kills it at them; loaded before libc by LD_PRELOAD.

   Calls that concern files below one folder are counted and written down.  What happens at the
   n-th of them says a plan, which lies in memory that the process shares with its parent: so what
   a process did is known after it was killed.  Without a plan nothing is changed.  The layout of
   struct plan is repeated in shim.py. */

#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { CALLS = 8192, FILES = 1024, NAME = 16, PATH = 160 };

/* What a call asks of the disk: a plan chooses among the calls by these. */
enum {
    READING = 1, WRITING = 2, MAKING = 4, DATA_IN = 8, DATA_OUT = 16, SYNCING = 32, NAMING = 64,
    REMOVING = 128, MODE = 256, LOOKING = 512, LOCKING = 1024, MAPPING = 2048, CLOSING = 4096
};

enum { NOTHING, KILL_BEFORE, KILL_AFTER, KILL_HALFWAY, FAIL, SHORT, PAUSE };

struct call {
    char name[NAME];
    int kind, failed;
    char path[PATH], other[PATH];
};

struct plan {
    char root[PATH];
    int kinds, action, error, lasting; /* lasting: from the n-th on, not only there */
    long when, count;
    struct call calls[CALLS];
};

static struct plan *plan;
static char open_files[FILES][PATH];
static long clock_shift, clock_shift_later, clock_later_at;
long clock_readings;

void fault_arm(struct plan *new_plan) { plan = new_plan; }

/* Shift what clocks of the day say, in seconds; and from the n-th reading on by another shift. */
void fault_clock(long shift, long at, long later) {
    clock_shift = shift;
    clock_later_at = at;
    clock_shift_later = later;
    clock_readings = 0;
}

static void copy(char *to, const char *from) {
    strncpy(to, from ? from : "", PATH - 1);
    to[PATH - 1] = 0;
}

static int is_below(const char *path) {
    return plan && path && path[0] && !strncmp(path, plan->root, strlen(plan->root));
}

static const char *name_of(int file) {
    return plan && file >= 0 && file < FILES ? open_files[file] : NULL;
}

static void remember(int file, const char *path) {
    if (file >= 0 && file < FILES) copy(open_files[file], path);
}

/* Count a call and do what the plan says before it; what is left to be done comes back. */
static int enter(int kind, const char *name, const char *path, const char *other) {
    if (!(kind & plan->kinds)) return NOTHING;
    long number = ++plan->count;
    struct call *call = &plan->calls[(number - 1) % CALLS];
    memset(call, 0, sizeof *call);
    strncpy(call->name, name, NAME - 1);
    call->kind = kind;
    copy(call->path, path);
    copy(call->other, other);
    if (number != plan->when && !(plan->lasting && plan->when && number > plan->when))
        return NOTHING;
    if (plan->action == KILL_BEFORE) kill(getpid(), SIGKILL);
    if (plan->action == PAUSE) kill(getpid(), SIGSTOP);
    if (plan->action == FAIL) {
        call->failed = 1;
        errno = plan->error;
    }
    return plan->action;
}

static void leave(int action) {
    if (action == KILL_AFTER || action == KILL_HALFWAY) kill(getpid(), SIGKILL);
}

#define REAL(name, type, parameters)                            \
    static type(*real) parameters;                              \
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, #name)

/* A call about a path or two. */
#define WRAP(type, name, parameters, arguments, what, path, second, failure) \
    type name parameters {                                                   \
        REAL(name, type, parameters);                                        \
        const char *first = (path), *other = (second);                       \
        if (!is_below(first) && !is_below(other)) return real arguments;     \
        int action = enter((what), #name, first, other);                     \
        if (action == FAIL) return failure;                                  \
        type result = real arguments;                                        \
        leave(action);                                                       \
        return result;                                                       \
    }

/* One that moves data: half of it where the plan says so. */
#define WRAP_DATA(name, parameters, arguments, what)                       \
    ssize_t name parameters {                                              \
        REAL(name, ssize_t, parameters);                                   \
        if (!is_below(name_of(file))) return real arguments;               \
        int action = enter((what), #name, name_of(file), NULL);            \
        if (action == FAIL) return -1;                                     \
        if (action == SHORT || action == KILL_HALFWAY) size = (size + 1) / 2; \
        ssize_t result = real arguments;                                   \
        leave(action);                                                     \
        return result;                                                     \
    }

static int kind_of_open(int flags) {
    if (flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE) return MAKING;
    return (flags & O_ACCMODE) == O_RDONLY ? READING : WRITING;
}

static mode_t mode_of(int flags, va_list more) {
    return flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(more, mode_t) : 0;
}

#define WRAP_OPEN(name, parameters, arguments)                                     \
    int name parameters {                                                          \
        REAL(name, int, parameters);                                               \
        va_list more;                                                              \
        va_start(more, flags);                                                     \
        mode_t mode = mode_of(flags, more);                                        \
        va_end(more);                                                              \
        if (!is_below(path)) return real arguments;                                \
        int action = enter(kind_of_open(flags), #name, path, NULL);                \
        if (action == FAIL) return -1;                                             \
        int file = real arguments;                                                 \
        remember(file, path);                                                      \
        leave(action);                                                             \
        return file;                                                               \
    }

WRAP_OPEN(open, (const char *path, int flags, ...), (path, flags, mode))
WRAP_OPEN(open64, (const char *path, int flags, ...), (path, flags, mode))
WRAP_OPEN(openat, (int folder, const char *path, int flags, ...), (folder, path, flags, mode))
WRAP_OPEN(openat64, (int folder, const char *path, int flags, ...), (folder, path, flags, mode))

int close(int file) {
    REAL(close, int, (int));
    if (!is_below(name_of(file))) return real(file);
    int action = enter(CLOSING, "close", name_of(file), NULL);
    remember(file, "");
    int result = real(file); /* on Linux the file is closed whatever close says */
    leave(action);
    if (action == FAIL) errno = plan->error;
    return action == FAIL ? -1 : result;
}

WRAP_DATA(read, (int file, void *data, size_t size), (file, data, size), DATA_IN)
WRAP_DATA(pread, (int file, void *data, size_t size, off_t at), (file, data, size, at), DATA_IN)
WRAP_DATA(pread64, (int file, void *data, size_t size, off64_t at), (file, data, size, at), DATA_IN)
WRAP_DATA(write, (int file, const void *data, size_t size), (file, data, size), DATA_OUT)
WRAP_DATA(pwrite, (int file, const void *data, size_t size, off_t at), (file, data, size, at), DATA_OUT)
WRAP_DATA(pwrite64, (int file, const void *data, size_t size, off64_t at), (file, data, size, at), DATA_OUT)

#define FILE_CALL(name, parameters, arguments, kind) \
    WRAP(int, name, parameters, arguments, kind, name_of(file), NULL, -1)
FILE_CALL(ftruncate, (int file, off_t size), (file, size), DATA_OUT)
FILE_CALL(ftruncate64, (int file, off64_t size), (file, size), DATA_OUT)
FILE_CALL(fsync, (int file), (file), SYNCING)
FILE_CALL(fdatasync, (int file), (file), SYNCING)
FILE_CALL(fchmod, (int file, mode_t mode), (file, mode), MODE)
FILE_CALL(fchown, (int file, uid_t user, gid_t group), (file, user, group), MODE)
FILE_CALL(flock, (int file, int how), (file, how), LOCKING)
FILE_CALL(fstat, (int file, struct stat *status), (file, status), LOOKING)
FILE_CALL(fstat64, (int file, struct stat64 *status), (file, status), LOOKING)
WRAP(int, posix_fallocate, (int file, off_t at, off_t size), (file, at, size), DATA_OUT, name_of(file), NULL, plan->error)
WRAP(int, posix_fallocate64, (int file, off64_t at, off64_t size), (file, at, size), DATA_OUT, name_of(file), NULL, plan->error)
WRAP(void *, mmap, (void *where, size_t size, int may, int flags, int file, off_t at), (where, size, may, flags, file, at), MAPPING, name_of(file), NULL, MAP_FAILED)
WRAP(void *, mmap64, (void *where, size_t size, int may, int flags, int file, off64_t at), (where, size, may, flags, file, at), MAPPING, name_of(file), NULL, MAP_FAILED)

#define PATH_CALL(name, parameters, arguments, kind) \
    WRAP(int, name, parameters, arguments, kind, path, NULL, -1)
PATH_CALL(mkdir, (const char *path, mode_t mode), (path, mode), MAKING)
PATH_CALL(mkdirat, (int folder, const char *path, mode_t mode), (folder, path, mode), MAKING)
PATH_CALL(unlink, (const char *path), (path), REMOVING)
PATH_CALL(unlinkat, (int folder, const char *path, int flags), (folder, path, flags), REMOVING)
PATH_CALL(rmdir, (const char *path), (path), REMOVING)
PATH_CALL(chmod, (const char *path, mode_t mode), (path, mode), MODE)
PATH_CALL(fchmodat, (int folder, const char *path, mode_t mode, int flags), (folder, path, mode, flags), MODE)
PATH_CALL(access, (const char *path, int how), (path, how), LOOKING)
PATH_CALL(stat, (const char *path, struct stat *status), (path, status), LOOKING)
PATH_CALL(lstat, (const char *path, struct stat *status), (path, status), LOOKING)
PATH_CALL(stat64, (const char *path, struct stat64 *status), (path, status), LOOKING)
PATH_CALL(lstat64, (const char *path, struct stat64 *status), (path, status), LOOKING)
PATH_CALL(fstatat, (int folder, const char *path, struct stat *status, int flags), (folder, path, status, flags), LOOKING)
PATH_CALL(fstatat64, (int folder, const char *path, struct stat64 *status, int flags), (folder, path, status, flags), LOOKING)
WRAP(DIR *, opendir, (const char *path), (path), READING, path, NULL, NULL)

#define RENAMING(name, parameters, arguments) WRAP(int, name, parameters, arguments, NAMING, path, to, -1)
RENAMING(rename, (const char *path, const char *to), (path, to))
RENAMING(renameat, (int folder, const char *path, int target, const char *to), (folder, path, target, to))
RENAMING(link, (const char *path, const char *to), (path, to))
RENAMING(linkat, (int folder, const char *path, int target, const char *to, int flags), (folder, path, target, to, flags))

static int is_lock(int command) { return command == F_SETLK || command == F_SETLKW || command == F_GETLK; }

#define WRAP_FCNTL(name)                                                   \
    int name(int file, int command, ...) {                                 \
        REAL(name, int, (int, int, ...));                                  \
        va_list more;                                                      \
        va_start(more, command);                                           \
        void *argument = va_arg(more, void *);                             \
        va_end(more);                                                      \
        if (!is_below(name_of(file)) || !is_lock(command))                 \
            return real(file, command, argument);                          \
        int action = enter(LOCKING, #name, name_of(file), NULL);           \
        if (action == FAIL) return -1;                                     \
        int result = real(file, command, argument);                        \
        leave(action);                                                     \
        return result;                                                     \
    }
WRAP_FCNTL(fcntl)
WRAP_FCNTL(fcntl64)

static long shift(void) {
    if (!clock_shift && !clock_later_at) return 0;
    clock_readings++;
    return clock_later_at && clock_readings >= clock_later_at ? clock_shift_later : clock_shift;
}

int clock_gettime(clockid_t which, struct timespec *now) {
    REAL(clock_gettime, int, (clockid_t, struct timespec *));
    int result = real(which, now);
    if (which == CLOCK_REALTIME) now->tv_sec += shift();
    return result;
}

int gettimeofday(struct timeval *now, void *zone) {
    REAL(gettimeofday, int, (struct timeval *, void *));
    int result = real(now, zone);
    now->tv_sec += shift();
    return result;
}

time_t time(time_t *now) {
    REAL(time, time_t, (time_t *));
    time_t result = real(NULL) + shift();
    if (now) *now = result;
    return result;
}
