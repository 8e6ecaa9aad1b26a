// Records what a program does to the files below one folder, and what it makes durable.
//
// Preloaded into the program. Environment:
//   RECORD_FOLDER   what lies below this absolute path is recorded
//   RECORD_JOURNAL  where to
//   RECORD_NOTES    a file outside the folder: what is written to it is recorded as a note
//   RECORD_BLIND    if set: syncs of files whose path ends like this are not recorded
//   RECORD_BASE     how many records earlier processes left in the journal; the rest is added
//   RECORD_KILL     if set, "n suffix": the process is killed after the nth write to such a file
//   RECORD_FAIL     if set, "n suffix": the nth fdatasync of such a file fails with EIO
//
// A record: kind (1 byte), inode (8), two numbers (8 each), length (4), bytes. Little-endian.
// sync_file_range makes nothing durable and is not recorded.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { FDS = 4096, NOTES = 1, FILE_BELOW = 2 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char folder[PATH_MAX], notes[PATH_MAX], blind[256], fail_at[256], kill_at[256];
static int journal = -1, fail_count, kill_count;
static uint64_t records;
static struct {
  int kind;
  uint64_t inode;
  char *path;
} fds[FDS];

static int (*real_open)(const char *, int, ...);
static int (*real_openat)(int, const char *, int, ...);
static int (*real_close)(int);
static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*real_writev)(int, const struct iovec *, int);
static ssize_t (*real_pwritev)(int, const struct iovec *, int, off_t);
static int (*real_ftruncate)(int, off_t);
static int (*real_fallocate)(int, int, off_t, off_t);
static int (*real_posix_fallocate)(int, off_t, off_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_rename)(const char *, const char *);
static int (*real_unlink)(const char *);
static int (*real_unlinkat)(int, const char *, int);
static int (*real_rmdir)(const char *);
static int (*real_mkdir)(const char *, mode_t);

static void copy_env(const char *name, char *to, size_t size) {
  const char *value = getenv(name);
  if (value) snprintf(to, size, "%s", value);
}

__attribute__((constructor)) static void start(void) {
  real_open = dlsym(RTLD_NEXT, "open64");
  real_openat = dlsym(RTLD_NEXT, "openat64");
  real_close = dlsym(RTLD_NEXT, "close");
  real_write = dlsym(RTLD_NEXT, "write");
  real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
  real_writev = dlsym(RTLD_NEXT, "writev");
  real_pwritev = dlsym(RTLD_NEXT, "pwritev64");
  real_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
  real_fallocate = dlsym(RTLD_NEXT, "fallocate64");
  real_posix_fallocate = dlsym(RTLD_NEXT, "posix_fallocate64");
  real_fsync = dlsym(RTLD_NEXT, "fsync");
  real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
  real_rename = dlsym(RTLD_NEXT, "rename");
  real_unlink = dlsym(RTLD_NEXT, "unlink");
  real_unlinkat = dlsym(RTLD_NEXT, "unlinkat");
  real_rmdir = dlsym(RTLD_NEXT, "rmdir");
  real_mkdir = dlsym(RTLD_NEXT, "mkdir");
  copy_env("RECORD_FOLDER", folder, sizeof folder);
  copy_env("RECORD_NOTES", notes, sizeof notes);
  copy_env("RECORD_BLIND", blind, sizeof blind);
  const char *fail = getenv("RECORD_FAIL");
  if (fail) sscanf(fail, "%d %255s", &fail_count, fail_at);
  const char *base = getenv("RECORD_BASE"), *kill_after = getenv("RECORD_KILL");
  if (base) records = strtoull(base, NULL, 10);
  if (kill_after) sscanf(kill_after, "%d %255s", &kill_count, kill_at);
  const char *path = getenv("RECORD_JOURNAL");
  if (path && folder[0])
    journal = real_open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static void all_to_journal(const void *bytes, size_t count) {
  const char *at = bytes;
  while (count > 0) {
    ssize_t written = real_write(journal, at, count);
    if (written <= 0) {
      fprintf(stderr, "recorder: the journal cannot be written\n");
      abort();
    }
    at += written;
    count -= (size_t)written;
  }
}

// With the lock held.
static void record(char kind, uint64_t inode, uint64_t a, uint64_t b, const void *bytes,
                   size_t count) {
  if (journal < 0) return;
  char head[29];
  uint32_t length = (uint32_t)count;
  head[0] = kind;
  memcpy(head + 1, &inode, 8);
  memcpy(head + 9, &a, 8);
  memcpy(head + 17, &b, 8);
  memcpy(head + 25, &length, 4);
  all_to_journal(head, sizeof head);
  all_to_journal(bytes, count);
  records++;
}

static int below(const char *path) {
  size_t n = strlen(folder);
  return n > 0 && strncmp(path, folder, n) == 0 && (path[n] == '/' || path[n] == 0);
}

static int ends_with(const char *path, const char *end) {
  size_t n = strlen(path), m = strlen(end);
  return m > 0 && n >= m && strcmp(path + n - m, end) == 0;
}

// With the lock held, so that nothing happens which is not recorded.
static void record_write(int fd, off_t at, const void *bytes, size_t count) {
  record('W', fds[fd].inode, (uint64_t)at, 0, bytes, count);
  if (ends_with(fds[fd].path, kill_at) && --kill_count == 0) kill(getpid(), SIGKILL);
}

static int kind_of(int fd) { return fd >= 0 && fd < FDS ? fds[fd].kind : 0; }

static int do_open(int at, const char *name, int flags, mode_t mode) {
  char path[PATH_MAX];
  if (name[0] != '/' && kind_of(at) == FILE_BELOW)
    snprintf(path, sizeof path, "%s/%s", fds[at].path, name);
  else
    snprintf(path, sizeof path, "%s", name);
  int is_notes = notes[0] && strcmp(path, notes) == 0;
  if (journal < 0 || (!below(path) && !is_notes)) return real_openat(at, path, flags, mode);
  pthread_mutex_lock(&lock);
  struct stat before;
  int existed = stat(path, &before) == 0;
  int fd = real_openat(at, path, flags, mode);
  int err = errno;
  struct stat now;
  if (fd >= 0 && fd < FDS && fstat(fd, &now) == 0) {
    fds[fd].kind = is_notes ? NOTES : FILE_BELOW;
    fds[fd].inode = now.st_ino;
    free(fds[fd].path);
    fds[fd].path = strdup(path);
    if (!is_notes && !existed) record('C', now.st_ino, 0, 0, path, strlen(path));
    if (!is_notes && existed && (flags & O_TRUNC)) record('T', now.st_ino, 0, 0, "", 0);
  }
  pthread_mutex_unlock(&lock);
  errno = err;
  return fd;
}

#define WITH_MODE                                   \
  mode_t mode = 0;                                  \
  if (flags & (O_CREAT | O_TMPFILE)) {              \
    va_list rest;                                   \
    va_start(rest, flags);                          \
    mode = va_arg(rest, mode_t);                    \
    va_end(rest);                                   \
  }

int open(const char *path, int flags, ...) {
  WITH_MODE return do_open(AT_FDCWD, path, flags, mode);
}
int open64(const char *path, int flags, ...) {
  WITH_MODE return do_open(AT_FDCWD, path, flags, mode);
}
int openat(int at, const char *path, int flags, ...) { WITH_MODE return do_open(at, path, flags, mode); }
int openat64(int at, const char *path, int flags, ...) {
  WITH_MODE return do_open(at, path, flags, mode);
}
int creat(const char *path, mode_t mode) {
  return do_open(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, mode);
}
int creat64(const char *path, mode_t mode) { return creat(path, mode); }

int close(int fd) {
  if (kind_of(fd)) {
    pthread_mutex_lock(&lock);
    fds[fd].kind = 0;
    pthread_mutex_unlock(&lock);
  }
  return real_close(fd);
}

// With the lock held: where a write without an offset will land.
static off_t place_of(int fd) {
  struct stat now;
  if ((fcntl(fd, F_GETFL) & O_APPEND) && fstat(fd, &now) == 0) return now.st_size;
  return lseek(fd, 0, SEEK_CUR);
}

ssize_t write(int fd, const void *bytes, size_t count) {
  if (!kind_of(fd)) return real_write(fd, bytes, count);
  pthread_mutex_lock(&lock);
  off_t at = place_of(fd);
  ssize_t written = real_write(fd, bytes, count);
  int err = errno;
  if (written > 0 && fds[fd].kind == NOTES) record('N', 0, 0, 0, bytes, (size_t)written);
  else if (written > 0) record_write(fd, at, bytes, (size_t)written);
  pthread_mutex_unlock(&lock);
  errno = err;
  return written;
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off_t at) {
  if (!kind_of(fd)) return real_pwrite(fd, bytes, count, at);
  pthread_mutex_lock(&lock);
  ssize_t written = real_pwrite(fd, bytes, count, at);
  int err = errno;
  if (written > 0) record_write(fd, at, bytes, (size_t)written);
  pthread_mutex_unlock(&lock);
  errno = err;
  return written;
}
ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) {
  return pwrite64(fd, bytes, count, at);
}

// With the lock held: what of a gathered write reached the file, piece by piece.
static void record_pieces(int fd, const struct iovec *pieces, int count, off_t at, ssize_t written) {
  for (int i = 0; i < count && written > 0; i++) {
    size_t length = pieces[i].iov_len;
    if ((ssize_t)length > written) length = (size_t)written;
    if (fds[fd].kind == NOTES) record('N', 0, 0, 0, pieces[i].iov_base, length);
    else record_write(fd, at, pieces[i].iov_base, length);
    at += (off_t)length;
    written -= (ssize_t)length;
  }
}

ssize_t writev(int fd, const struct iovec *pieces, int count) {
  if (!kind_of(fd)) return real_writev(fd, pieces, count);
  pthread_mutex_lock(&lock);
  off_t at = place_of(fd);
  ssize_t written = real_writev(fd, pieces, count);
  int err = errno;
  record_pieces(fd, pieces, count, at, written);
  pthread_mutex_unlock(&lock);
  errno = err;
  return written;
}

ssize_t pwritev64(int fd, const struct iovec *pieces, int count, off_t at) {
  if (!kind_of(fd)) return real_pwritev(fd, pieces, count, at);
  pthread_mutex_lock(&lock);
  ssize_t written = real_pwritev(fd, pieces, count, at);
  int err = errno;
  record_pieces(fd, pieces, count, at, written);
  pthread_mutex_unlock(&lock);
  errno = err;
  return written;
}
ssize_t pwritev(int fd, const struct iovec *pieces, int count, off_t at) {
  return pwritev64(fd, pieces, count, at);
}

int ftruncate64(int fd, off_t size) {
  if (!kind_of(fd)) return real_ftruncate(fd, size);
  pthread_mutex_lock(&lock);
  int result = real_ftruncate(fd, size);
  int err = errno;
  if (result == 0) record('T', fds[fd].inode, (uint64_t)size, 0, "", 0);
  pthread_mutex_unlock(&lock);
  errno = err;
  return result;
}
int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }

// With the lock held: reserving space may make a file longer.
static void record_reserve(int fd, int mode, off_t at, off_t count) {
  if (mode != 0) {
    fprintf(stderr, "recorder: fallocate with mode %d is not understood\n", mode);
    abort();
  }
  record('F', fds[fd].inode, (uint64_t)(at + count), 0, "", 0);
}

int fallocate64(int fd, int mode, off_t at, off_t count) {
  if (!kind_of(fd)) return real_fallocate(fd, mode, at, count);
  pthread_mutex_lock(&lock);
  int result = real_fallocate(fd, mode, at, count);
  int err = errno;
  if (result == 0) record_reserve(fd, mode, at, count);
  pthread_mutex_unlock(&lock);
  errno = err;
  return result;
}
int fallocate(int fd, int mode, off_t at, off_t count) { return fallocate64(fd, mode, at, count); }
int posix_fallocate64(int fd, off_t at, off_t count) {
  if (!kind_of(fd)) return real_posix_fallocate(fd, at, count);
  pthread_mutex_lock(&lock);
  int result = real_posix_fallocate(fd, at, count);
  if (result == 0) record_reserve(fd, 0, at, count);
  pthread_mutex_unlock(&lock);
  return result;
}
int posix_fallocate(int fd, off_t at, off_t count) { return posix_fallocate64(fd, at, count); }

// A sync covers what was recorded before it began, and counts from where it ended.
static int do_sync(int fd, int (*real)(int)) {
  if (kind_of(fd) != FILE_BELOW) return real(fd);
  pthread_mutex_lock(&lock);
  uint64_t covered = records, inode = fds[fd].inode;
  int unseen = ends_with(fds[fd].path, blind);
  int fails = ends_with(fds[fd].path, fail_at) && --fail_count == 0;
  pthread_mutex_unlock(&lock);
  if (fails) {
    errno = EIO;
    return -1;
  }
  int result = real(fd);
  int err = errno;
  if (result == 0 && !unseen) {
    pthread_mutex_lock(&lock);
    record('S', inode, covered, 0, "", 0);
    pthread_mutex_unlock(&lock);
  }
  errno = err;
  return result;
}
int fsync(int fd) { return do_sync(fd, real_fsync); }
int fdatasync(int fd) { return do_sync(fd, real_fdatasync); }

static void record_two(char kind, uint64_t inode, const char *from, const char *to) {
  char both[2 * PATH_MAX];
  int count = snprintf(both, sizeof both, "%s%c%s", from, 0, to);
  record(kind, inode, 0, 0, both, (size_t)count);
}

int rename(const char *from, const char *to) {
  if (journal < 0 || !below(from)) return real_rename(from, to);
  pthread_mutex_lock(&lock);
  int result = real_rename(from, to);
  int err = errno;
  struct stat now;
  if (result == 0 && stat(to, &now) == 0) record_two('R', now.st_ino, from, to);
  pthread_mutex_unlock(&lock);
  errno = err;
  return result;
}

static int do_remove(const char *path, int (*real)(const char *)) {
  if (journal < 0 || !below(path)) return real(path);
  pthread_mutex_lock(&lock);
  int result = real(path);
  int err = errno;
  if (result == 0) record('U', 0, 0, 0, path, strlen(path));
  pthread_mutex_unlock(&lock);
  errno = err;
  return result;
}
int unlink(const char *path) { return do_remove(path, real_unlink); }
int rmdir(const char *path) { return do_remove(path, real_rmdir); }

int unlinkat(int at, const char *path, int flags) {
  char whole[PATH_MAX];
  if (kind_of(at) == FILE_BELOW && path[0] != '/')
    snprintf(whole, sizeof whole, "%s/%s", fds[at].path, path);
  else
    snprintf(whole, sizeof whole, "%s", path);
  if (journal < 0 || !below(whole)) return real_unlinkat(at, path, flags);
  pthread_mutex_lock(&lock);
  int result = real_unlinkat(at, path, flags);
  int err = errno;
  if (result == 0) record('U', 0, 0, 0, whole, strlen(whole));
  pthread_mutex_unlock(&lock);
  errno = err;
  return result;
}

int mkdir(const char *path, mode_t mode) {
  if (journal < 0 || !below(path)) return real_mkdir(path, mode);
  pthread_mutex_lock(&lock);
  int result = real_mkdir(path, mode);
  int err = errno;
  struct stat now;
  if (result == 0 && stat(path, &now) == 0) record('M', now.st_ino, 0, 0, path, strlen(path));
  pthread_mutex_unlock(&lock);
  errno = err;
  return result;
}
