#include "drivers/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#endif

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LEAK_CHECK 1 /* it stops its own threads with ptrace */
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define LEAK_CHECK 1
#endif

enum test { ALWAYS, ANY_BIT, NONE_OF }; /* of one argument */
enum { FAMILIES = 4 };

struct rule {
    uint32_t call;
    enum test test;
    uint32_t arg, value[FAMILIES]; /* NONE_OF: a 0 repeats the first */
};

/* What is refused to every driver. */
static const struct rule rules[] = {
    {SYS_openat, ANY_BIT, 2, {O_CREAT | O_TRUNC}},
#ifdef SYS_open
    {SYS_open, ANY_BIT, 1, {O_CREAT | O_TRUNC}},
    {SYS_creat, ALWAYS, 0, {0}},
    {SYS_unlink, ALWAYS, 0, {0}},
    {SYS_rename, ALWAYS, 0, {0}},
    {SYS_mkdir, ALWAYS, 0, {0}},
    {SYS_rmdir, ALWAYS, 0, {0}},
    {SYS_link, ALWAYS, 0, {0}},
    {SYS_symlink, ALWAYS, 0, {0}},
    {SYS_mknod, ALWAYS, 0, {0}},
    {SYS_chmod, ALWAYS, 0, {0}},
#endif
#ifdef SYS_openat2 /* its flags lie in memory, where a filter does not look */
    {SYS_openat2, ALWAYS, 0, {0}},
#endif
#ifdef SYS_renameat
    {SYS_renameat, ALWAYS, 0, {0}},
#endif
    {SYS_unlinkat, ALWAYS, 0, {0}},
    {SYS_mkdirat, ALWAYS, 0, {0}},
    {SYS_renameat2, ALWAYS, 0, {0}},
    {SYS_linkat, ALWAYS, 0, {0}},
    {SYS_symlinkat, ALWAYS, 0, {0}},
    {SYS_mknodat, ALWAYS, 0, {0}},
    {SYS_fchmodat, ALWAYS, 0, {0}},
    {SYS_truncate, ALWAYS, 0, {0}},
    {SYS_io_uring_setup, ALWAYS, 0, {0}}, /* opens files and sockets past every filter */
#ifndef LEAK_CHECK
    {SYS_ptrace, ALWAYS, 0, {0}},
#endif
    {SYS_process_vm_readv, ALWAYS, 0, {0}},
    {SYS_process_vm_writev, ALWAYS, 0, {0}},
#ifdef SYS_pidfd_getfd
    {SYS_pidfd_getfd, ALWAYS, 0, {0}},
#endif
    {SYS_execve, ALWAYS, 0, {0}},
    {SYS_execveat, ALWAYS, 0, {0}},
};

/* Sockets: by class of device. AF_UNIX stays for all (pcscd, avahi; nothing else listens there that could
 * harm), AF_NETLINK for hot-plug and for the list of network interfaces. */
static const struct rule local = {SYS_socket, NONE_OF, 0, {AF_UNIX, AF_NETLINK}};
static const struct rule network = {SYS_socket, NONE_OF, 0, {AF_UNIX, AF_NETLINK, AF_INET, AF_INET6}};
static const struct {
    const char *driver;
    const struct rule *sockets;
} classes[] = {
    {"scan", &network},   /* eSCL is HTTP */
    {"office", &network}, /* so is IPP */
};

static const struct rule *sockets_of(const char *driver)
{
    for (size_t i = 0; i < COUNT(classes); i++)
        if (strcmp(classes[i].driver, driver) == 0)
            return classes[i].sockets;
    return &local;
}

#define REFUSE (SECCOMP_RET_ERRNO | EACCES)
#define LOAD(member) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offsetof(struct seccomp_data, member))
#define ARG(n) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(offsetof(struct seccomp_data, args) + 8 * (n)))
#define RETURN(what) BPF_STMT(BPF_RET | BPF_K, what)

enum { PER_RULE = 3 + FAMILIES + 1, HEAD = 6 };
#define X32 0x40000000 /* the same calls of the same processor under other numbers */

/* Eight instructions each: is it this call, then the argument, then refuse; else on to the next rule. */
static void one(struct sock_filter *p, const struct rule *r)
{
    struct sock_filter refuse[] = {RETURN(REFUSE)}, pass[] = {RETURN(SECCOMP_RET_ALLOW)};
    struct sock_filter bits[] = {ARG(r->arg), BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, r->value[0], 0, 1),
                                 RETURN(REFUSE)};
    struct sock_filter head[] = {LOAD(nr), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, r->call, 0, PER_RULE - 2),
                                 ARG(r->arg)};
    memcpy(p, head, sizeof head);
    for (int i = 2; i < PER_RULE; i++)
        p[i] = pass[0]; /* an argument that passes ends the search: no call has two rules */
    if (r->test == ALWAYS)
        p[2] = refuse[0];
    else if (r->test == ANY_BIT)
        memcpy(p + 2, bits, sizeof bits);
    else {
        p[2] = head[2];
        for (uint8_t i = 0; i < FAMILIES; i++) { /* one of them: jump over the refusal at the end */
            struct sock_filter is[] = {BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
                                                r->value[i] ? r->value[i] : r->value[0],
                                                (uint8_t)(FAMILIES - i), 0)};
            p[3 + i] = is[0];
        }
        p[3 + FAMILIES] = refuse[0];
    }
}

static void may_write_below(int set, const char *folder)
{
    int dir = open(folder, O_PATH | O_CLOEXEC);
    struct landlock_path_beneath_attr nodes = {.allowed_access = LANDLOCK_ACCESS_FS_WRITE_FILE,
                                               .parent_fd = dir};
    if (dir < 0)
        return;
    (void)!syscall(SYS_landlock_add_rule, set, LANDLOCK_RULE_PATH_BENEATH, &nodes, 0);
    close(dir);
}

/* What is there already may be written below /dev only, where the device nodes are: drivers run under one
 * user, and none has to do with the files of another, or of the terminal. Landlock, kernel 5.13; older ones
 * go on without. Both names are the same place, but where virtual devices stand in front of the first. */
static void only_devices(void)
{
    const struct landlock_ruleset_attr writes = {.handled_access_fs = LANDLOCK_ACCESS_FS_WRITE_FILE};
    int set = (int)syscall(SYS_landlock_create_ruleset, &writes, sizeof writes, 0);
    if (set < 0)
        return;
    may_write_below(set, "/dev");
    may_write_below(set, "//dev");
    (void)!syscall(SYS_landlock_restrict_self, set, 0);
    close(set);
}

enum rc sandbox_enter(const char *driver, struct err *e)
{
#ifdef ARCH
    struct sock_filter code[HEAD + (COUNT(rules) + 1) * PER_RULE + 1],
        head[HEAD] = {LOAD(arch),
                      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0),
                      RETURN(SECCOMP_RET_KILL_PROCESS),
                      LOAD(nr),
                      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32, 0, 1),
                      RETURN(REFUSE)},
        tail[] = {RETURN(SECCOMP_RET_ALLOW)};
    memcpy(code, head, sizeof head);
    for (size_t i = 0; i < COUNT(rules); i++)
        one(code + HEAD + i * PER_RULE, &rules[i]);
    one(code + HEAD + COUNT(rules) * PER_RULE, sockets_of(driver));
    memcpy(code + HEAD + (COUNT(rules) + 1) * PER_RULE, tail, sizeof tail);
    struct sock_fprog program = {(unsigned short)COUNT(code), code};
    bool no_more = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
    if (no_more)
        only_devices();
    if (no_more && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0)
        return RC_OK;
    return err_set(e, RC_UNSUPPORTED, "no system call filter: %s", strerror(errno));
#else
    (void)driver;
    return err_set(e, RC_UNSUPPORTED, "no system call filter for this processor");
#endif
}
