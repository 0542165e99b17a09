/// Lets one call of a process fail, to be loaded before the C library (LD_PRELOAD).
///
/// FAULT_FOLDER  calls on files below this folder count, no others
/// FAULT_AT      the number of the call that fails, from 1
/// FAULT_KIND    the number of an error; `short`: half of the bytes are read or written; `kill`: the
///               process ends before the call
/// FAULT_LOG     a file that gets the name of the call once it has failed
///
/// With `short` only calls that read or write count; with EINTR only those that wait.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef enum { transfers, waits, acts } sort;

static atomic_long calls;

static int is_below(const char *path) {
  const char *folder = getenv("FAULT_FOLDER");
  if (!folder || !path) return 0;
  size_t size = strlen(folder);
  char whole[2 * PATH_MAX];
  if (path[0] != '/') {
    char here[PATH_MAX];
    if (!getcwd(here, sizeof here)) return 0;
    snprintf(whole, sizeof whole, "%s/%s", here, path);
    path = whole;
  }
  return strncmp(path, folder, size) == 0 && (path[size] == '/' || path[size] == 0);
}

static int is_file_below(int descriptor) {
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t size = syscall(SYS_readlink, link, path, sizeof path - 1);
  if (size < 0) return 0;
  path[size] = 0;
  return is_below(path);
}

/// Whether this call is the one that fails: 0 no, 1 with `errno`, 2 half of it.
static int fails(const char *name, sort what) {
  const char *at = getenv("FAULT_AT"), *kind = getenv("FAULT_KIND"), *log = getenv("FAULT_LOG");
  if (!at || !kind) return 0;
  int halves = strcmp(kind, "short") == 0, kills = strcmp(kind, "kill") == 0;
  if (halves && what != transfers) return 0;
  if (!halves && !kills && atoi(kind) == EINTR && what == acts) return 0;
  if (atomic_fetch_add(&calls, 1) + 1 != atol(at)) return 0;
  if (log) {
    int file = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    syscall(SYS_write, file, name, strlen(name));
    syscall(SYS_close, file);
  }
  if (kills) syscall(SYS_kill, getpid(), SIGKILL);
  if (halves) return 2;
  errno = atoi(kind);
  return 1;
}

#define NEXT(name) ((typeof(&name))dlsym(RTLD_NEXT, #name))

#define TRANSFER(name, buffer, last, ...)                                                           \
  ssize_t name(int descriptor, buffer bytes, size_t count last) {                                  \
    switch (is_file_below(descriptor) ? fails(#name, transfers) : 0) {                             \
    case 1: return -1;                                                                             \
    case 2: count -= count / 2;                                                                    \
    }                                                                                              \
    return NEXT(name)(descriptor, bytes, count __VA_ARGS__);                                       \
  }
#define COMMA ,
TRANSFER(write, const void *, , )
TRANSFER(read, void *, , )
TRANSFER(pwrite, const void *, COMMA off_t at, COMMA at)
TRANSFER(pread, void *, COMMA off_t at, COMMA at)
TRANSFER(pwrite64, const void *, COMMA off64_t at, COMMA at)
TRANSFER(pread64, void *, COMMA off64_t at, COMMA at)

static int is_for_writing(int flags) { return (flags & O_ACCMODE) != O_RDONLY; }

#define OPEN(name)                                                                                 \
  int name(const char *path, int flags, ...) {                                                     \
    va_list list;                                                                                  \
    va_start(list, flags);                                                                         \
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(list, mode_t) : 0;                        \
    va_end(list);                                                                                  \
    if (is_below(path) && is_for_writing(flags) && fails(#name, waits)) return -1;                 \
    return NEXT(name)(path, flags, mode);                                                          \
  }
OPEN(open)
OPEN(open64)

#define CALL(result, failure, name, sort, below, parameters, ...)                                  \
  result name parameters {                                                                         \
    if ((below) && fails(#name, sort)) return failure;                                             \
    return NEXT(name)(__VA_ARGS__);                                                                \
  }
CALL(int, -1, fsync, waits, is_file_below(file), (int file), file)
CALL(int, -1, ftruncate, waits, is_file_below(file), (int file, off_t size), file, size)
CALL(int, -1, ftruncate64, waits, is_file_below(file), (int file, off64_t size), file, size)
CALL(int, -1, rename, acts, is_below(to), (const char *from, const char *to), from, to)
CALL(int, -1, link, acts, is_below(to), (const char *from, const char *to), from, to)
CALL(int, -1, symlink, acts, is_below(to), (const char *from, const char *to), from, to)
CALL(int, -1, mkdir, acts, is_below(path), (const char *path, mode_t mode), path, mode)
CALL(int, -1, linkat, acts, is_below(to),
     (int folder, const char *from, int other, const char *to, int flags), folder, from, other, to, flags)
CALL(void *, MAP_FAILED, mmap, acts, file >= 0 && is_file_below(file),
     (void *place, size_t size, int access, int flags, int file, off_t at), place, size, access,
     flags, file, at)
CALL(void *, MAP_FAILED, mmap64, acts, file >= 0 && is_file_below(file),
     (void *place, size_t size, int access, int flags, int file, off64_t at), place, size, access,
     flags, file, at)
