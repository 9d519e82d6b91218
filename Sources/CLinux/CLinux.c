#define _GNU_SOURCE
#include "CLinux.h"

#include <asm/unistd.h>
#include <errno.h>
#include <linux/futex.h>
#include <linux/openat2.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <time.h>

int64_t clinux_tcp_bytes_acked(int socket)
{
    struct tcp_info info;
    socklen_t length = sizeof info;

    memset(&info, 0, sizeof info);
    if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &length) != 0)
        return -1;
    if (length < offsetof(struct tcp_info, tcpi_bytes_acked) + sizeof info.tcpi_bytes_acked) {
        errno = ENOPROTOOPT;
        return -1;
    }
    return (int64_t)info.tcpi_bytes_acked;
}

void clinux_futex_wait(const void *word, uint32_t seen, int milliseconds)
{
    struct timespec time = { milliseconds / 1000, milliseconds % 1000 * 1000000L };

    syscall(SYS_futex, word, FUTEX_WAIT, seen, &time, NULL, 0);
}

void clinux_futex_wake(const void *word)
{
    syscall(SYS_futex, word, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

int clinux_is_resident(int descriptor, int64_t offset)
{
    char byte;
    struct iovec vector = { .iov_base = &byte, .iov_len = 1 };

    if (preadv2(descriptor, &vector, 1, offset, RWF_NOWAIT) >= 0)
        return 1;
    return errno == EAGAIN ? 0 : -1;
}

int clinux_lock_description(int descriptor)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    return fcntl(descriptor, F_OFD_SETLK, &lock);
}

int clinux_start_writeback(int descriptor, int64_t offset, int64_t count)
{
    return sync_file_range(descriptor, offset, count, SYNC_FILE_RANGE_WRITE);
}

int clinux_reserve(int descriptor, int64_t offset, int64_t count)
{
    return fallocate(descriptor, FALLOC_FL_KEEP_SIZE, offset, count);
}

ptrdiff_t clinux_get_attribute(const char *path, const char *name, void *value, size_t size)
{
    return getxattr(path, name, value, size);
}

int clinux_set_attribute(const char *path, const char *name, const void *value, size_t size)
{
    return setxattr(path, name, value, size, 0);
}

int clinux_open_beneath(int directory, const char *path, int flags)
{
    struct open_how how = {
        .flags = (unsigned)(flags | O_CLOEXEC),
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
    };

    return (int)syscall(__NR_openat2, directory, path, &how, sizeof how);
}

int clinux_contains(const void *bytes, size_t count, const void *pattern, size_t length)
{
    return length > 0 && memmem(bytes, count, pattern, length) != NULL;
}

int clinux_memfd_create(const char *name) { return memfd_create(name, MFD_CLOEXEC); }

int clinux_sealed_memfd(const char *name, const void *bytes, size_t count)
{
    const char *rest = bytes;
    int descriptor = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

    if (descriptor < 0)
        return -1;
    while (count > 0) {
        ssize_t written = write(descriptor, rest, count);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            goto failed;
        rest += written;
        count -= (size_t)written;
    }
    if (fcntl(descriptor, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) == 0)
        return descriptor;
failed: {
    int saved = errno;
    close(descriptor);
    errno = saved;
    return -1;
}
}

int clinux_send_descriptor(int socket, const struct sockaddr *address, socklen_t length, int descriptor, int flags)
{
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control;
    struct msghdr message = {
        .msg_name = (void *)address,
        .msg_namelen = length,
        .msg_control = &control,
        .msg_controllen = sizeof control,
    };

    memset(&control, 0, sizeof control);
    control.header.cmsg_level = SOL_SOCKET;
    control.header.cmsg_type = SCM_RIGHTS;
    control.header.cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(&control.header), &descriptor, sizeof(int));
    return sendmsg(socket, &message, flags) < 0 ? -1 : 0;
}

int clinux_send_message(int socket, const void *bytes, size_t count, int descriptor)
{
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec part = {.iov_base = (void *)bytes, .iov_len = count};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

    if (descriptor >= 0) {
        memset(&control, 0, sizeof control);
        message.msg_control = &control;
        message.msg_controllen = sizeof control;
        control.header.cmsg_level = SOL_SOCKET;
        control.header.cmsg_type = SCM_RIGHTS;
        control.header.cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(&control.header), &descriptor, sizeof(int));
    }
    return sendmsg(socket, &message, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

ptrdiff_t clinux_receive_message(int socket, void *bytes, size_t size, int *descriptor)
{
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec part = {.iov_base = bytes, .iov_len = size};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    struct cmsghdr *header;
    ptrdiff_t count;

    *descriptor = -1;
    do
        count = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    while (count < 0 && errno == EINTR);
    if (count < 0)
        return -1;
    header = CMSG_FIRSTHDR(&message);
    if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
        header->cmsg_len == CMSG_LEN(sizeof(int)))
        memcpy(descriptor, CMSG_DATA(header), sizeof(int));
    if (message.msg_flags & MSG_TRUNC) {
        errno = EMSGSIZE;
        return -1;
    }
    return count;
}

int clinux_peer_user(int socket, uid_t *user)
{
    struct ucred peer;
    socklen_t length = sizeof peer;

    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0)
        return -1;
    *user = peer.uid;
    return 0;
}

int clinux_own_mounts(void)
{
    return unshare(CLONE_NEWNS) == 0 ? mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) : -1;
}

int clinux_restrict_mount(const char *path)
{
    return mount(NULL, path, NULL, MS_REMOUNT | MS_BIND | MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
}

int clinux_take_off_mount(const char *path) { return umount2(path, MNT_DETACH); }

int clinux_thread_name(char *name) { return prctl(PR_GET_NAME, name, 0, 0, 0); }

int clinux_set_process_name(const char *name) { return prctl(PR_SET_NAME, name, 0, 0, 0); }

int clinux_die_with_parent(int signal) { return prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0); }

/* Takes the place of the C library's function for Dispatch, which wants other priorities for its threads. A service's user
   may not raise them, so that each thread would begin with a complaint on standard error, and a sandbox forbids the call. */
int setpriority(int which, unsigned who, int priority);
int setpriority(int which, unsigned who, int priority)
{
    (void)which;
    (void)who;
    (void)priority;
    return 0;
}

/* In the child: only what signal-safety(7) allows. */
static void start_limited(
    const char *path, char *const arguments[], const struct clinux_limits *limits, pid_t parent, int output, int errors,
    int failure)
{
    static char *const environment[] = {"LC_ALL=C", "PATH=/usr/bin:/bin", NULL};
    /* Numbers and structure as of the kernel: sys/resource.h contradicts itself here, see CLinux.h. */
    const struct {
        int resource;
        uint64_t value;
    } resources[] = {
        {0 /* RLIMIT_CPU */, limits->processor_seconds},
        {1 /* RLIMIT_FSIZE */, limits->file_size},
        {4 /* RLIMIT_CORE */, 0},
        {9 /* RLIMIT_AS */, limits->address_space},
    };
    sigset_t none;
    int null, code;

    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || getppid() != parent)
        goto fail;
    for (int number = 1; number < 32; number++)
        signal(number, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (size_t index = 0; index < sizeof resources / sizeof resources[0]; index++) {
        const uint64_t limit[2] = {resources[index].value, resources[index].value};

        if (syscall(__NR_prlimit64, 0, resources[index].resource, limit, NULL) != 0)
            goto fail;
    }
    null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (null < 0 || dup2(null, 0) < 0 || dup2(output, 1) < 0 || dup2(errors, 2) < 0)
        goto fail;
    /* Whatever somebody has opened without O_CLOEXEC. Older kernels lack it; ours is opened with. */
    syscall(__NR_close_range, 3u, ~0u, 4u /* CLOSE_RANGE_CLOEXEC */);
    execve(path, arguments, environment);
fail:
    code = errno;
    while (write(failure, &code, sizeof code) < 0 && errno == EINTR)
        ;
    _exit(127);
}

pid_t clinux_spawn_limited(
    const char *path, char *const arguments[], const struct clinux_limits *limits, int outputs[2])
{
    int output[2] = {-1, -1}, errors[2] = {-1, -1}, failure[2] = {-1, -1}, code = 0;
    pid_t child = -1, parent = getpid();
    ssize_t count;

    if (pipe2(output, O_CLOEXEC) != 0 || pipe2(errors, O_CLOEXEC) != 0 || pipe2(failure, O_CLOEXEC) != 0)
        goto fail;
    child = fork();
    if (child == 0)
        start_limited(path, arguments, limits, parent, output[1], errors[1], failure[1]);
    if (child < 0)
        goto fail;
    close(output[1]);
    close(errors[1]);
    close(failure[1]);
    output[1] = errors[1] = failure[1] = -1;
    do
        count = read(failure[0], &code, sizeof code);
    while (count < 0 && errno == EINTR);
    if (count == sizeof code) {
        while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
            ;
        errno = code;
        goto fail;
    }
    close(failure[0]);
    outputs[0] = output[0];
    outputs[1] = errors[0];
    return child;
fail:
    code = errno;
    for (int end = 0; end < 2; end++) {
        if (output[end] >= 0)
            close(output[end]);
        if (errors[end] >= 0)
            close(errors[end]);
        if (failure[end] >= 0)
            close(failure[end]);
    }
    errno = code;
    return -1;
}
