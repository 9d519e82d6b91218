#ifndef CLINUX_H
#define CLINUX_H
/* No feature macro here: types must look as Swift's Glibc module sees them. GNU functions get a shim. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* Bytes that the peer of a TCP socket has acknowledged so far (tcp(7), TCP_INFO); -1 with errno. */
int64_t clinux_tcp_bytes_acked(int socket);

/* Whether the byte at offset can be read without waiting for a disk: 1 yes, 0 no, -1 unknown (preadv2(2), RWF_NOWAIT). */
int clinux_is_resident(int descriptor, int64_t offset);

/* A lock on the whole file that belongs to the open file description (fcntl(2), F_OFD_SETLK), beside any flock(2). Does
   not wait: EAGAIN when another description has it. */
int clinux_lock_description(int descriptor);

/* Starts writing a region's dirty pages to disk without waiting for them (sync_file_range(2)). */
int clinux_start_writeback(int descriptor, int64_t offset, int64_t count);

/* Keeps space for a region without changing the file's size (fallocate(2)). */
int clinux_reserve(int descriptor, int64_t offset, int64_t count);

/* Reads and writes a small extended attribute (xattr(7)): its length, or -1 with errno. */
ptrdiff_t clinux_get_attribute(const char *path, const char *name, void *value, size_t size);
int clinux_set_attribute(const char *path, const char *name, const void *value, size_t size);

/* openat2(2) with RESOLVE_BENEATH: EXDEV when `path` would lead out of the directory. Never creates a file. */
int clinux_open_beneath(int directory, const char *path, int flags);

/* memmem(3), as an answer: whether the pattern is in the bytes. An empty pattern is in nothing. */
int clinux_contains(const void *bytes, size_t count, const void *pattern, size_t length);

/* futex(2) on memory that processes share. Waits until the word is not `seen` any more, somebody has called the other one, or
   the time is over; spurious ends happen. */
void clinux_futex_wait(const void *word, uint32_t seen, int milliseconds);
void clinux_futex_wake(const void *word);

/* memfd_create(2), close-on-exec. */
int clinux_memfd_create(const char *name);

/* A memfd with these bytes, sealed against every change (fcntl(2), F_ADD_SEALS); -1 with errno. */
int clinux_sealed_memfd(const char *name, const void *bytes, size_t count);

/* Sends a datagram that is nothing but a descriptor (unix(7), SCM_RIGHTS). */
int clinux_send_descriptor(int socket, const struct sockaddr *address, socklen_t length, int descriptor, int flags);

/* Sends one message on a connection, with a descriptor if it is not -1 (unix(7), SCM_RIGHTS). 0, or -1 with errno. */
int clinux_send_message(int socket, const void *bytes, size_t count, int descriptor);

/* Receives one message: its length, 0 at the end, -1 with errno. *descriptor is the one that came with it, close-on-exec, or
   -1. A message that is longer than size is EMSGSIZE. */
ptrdiff_t clinux_receive_message(int socket, void *bytes, size_t size, int *descriptor);

/* The user at the other end of a UNIX socket, when it connected (SO_PEERCRED). */
int clinux_peer_user(int socket, uid_t *user);

/* A mount namespace of this process's own, from which nothing gets out (unshare(2)). */
int clinux_own_mounts(void);

/* No set-user-ID, no devices and no programs on what is mounted at path (mount(2)). */
int clinux_restrict_mount(const char *path);

/* Takes what is mounted at path off it; it lasts as long as something of it is open (umount2(2), MNT_DETACH). */
int clinux_take_off_mount(const char *path);

/* O_PATH of open(2): for openat(2) only. */
static const int clinux_path_only = 010000000;

/* Name of the calling thread (prctl(2), PR_GET_NAME): at most 16 bytes with the zero at the end. */
int clinux_thread_name(char *name);

/* prctl(2): PR_SET_NAME, PR_SET_PDEATHSIG. */
int clinux_set_process_name(const char *name);
int clinux_die_with_parent(int signal);

/* What a program may use at most; see setrlimit(2). */
struct clinux_limits {
    uint64_t processor_seconds;
    uint64_t address_space;
    uint64_t file_size;
};

/* Starts a program under limits, without environment, privileges to gain or descriptors besides 0 (/dev/null), 1 and 2 (pipes,
   whose other ends are outputs[0] and outputs[1]). It is killed when the calling thread ends. -1 with errno. */
pid_t clinux_spawn_limited(
    const char *path, char *const arguments[], const struct clinux_limits *limits, int outputs[2]);

#endif
