#include "tests/db/posthouse.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "common/base/clock.h"
#include "tests/unit/port.h"

enum { READY_MS = 60000 };
#define EXIM "/usr/sbin/exim4"
#define PYTHON "/usr/bin/python3"
#define FAKE_CENTRE "/usr/lib/kannel/test/fakesmsc"

static void die(const char *what)
{
    fprintf(stderr, "posthouse: %s\n", what);
    exit(1);
}

static bool listens(int port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bool yes = connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0;
    close(fd);
    return yes;
}

static void wait_port(int port, const char *what)
{
    for (int64_t end = mono_ms() + READY_MS; !listens(port); usleep(20000))
        if (mono_ms() > end)
            die(what);
}

static void file(const struct posthouse *p, const char *name, const char *fmt, ...) PRINTF(3, 4);
static void file(const struct posthouse *p, const char *name, const char *fmt, ...)
{
    char path[200];
    va_list ap;

    snprintf(path, sizeof(path), "%s/%s", p->dir, name);
    FILE *f = fopen(path, "we");
    if (!f)
        die("cannot write a file");
    va_start(ap, fmt);
    vfprintf(f, fmt, ap);
    va_end(ap);
    fclose(f);
}

static pid_t spawn(const struct posthouse *p, const char *log, const char *const argv[])
{
    char path[200];
    pid_t parent = getpid(), pid = fork();

    if (pid != 0)
        return pid;
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent || chdir(p->dir) != 0)
        _exit(0);
    snprintf(path, sizeof(path), "%s/%s", p->dir, log);
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0644), null = open("/dev/null", O_RDONLY);
    if (fd < 0 || null < 0)
        _exit(126);
    dup2(null, 0);
    dup2(fd, 1);
    dup2(fd, 2);
    unsetenv("LD_PRELOAD");
    execv(argv[0], (char *const *)(uintptr_t)argv);
    _exit(127);
}

static void run(const struct posthouse *p, const char *const argv[])
{
    int status;
    pid_t pid = spawn(p, "setup.log", argv);
    if (waitpid(pid, &status, 0) != pid || status != 0)
        die(argv[0]);
}

static void write_exim(const struct posthouse *p)
{
    file(p, "exim.conf",
         "spool_directory = %s/spool\nlog_file_path = %s/%%slog\npid_file_path = %s/exim.pid\n"
         "primary_hostname = mx.test\ndaemon_smtp_ports = %d\nlocal_interfaces = 127.0.0.1\nhost_lookup =\n"
         "rfc1413_query_timeout = 0s\ntls_advertise_hosts = *\ntls_certificate = %s/cert.pem\n"
         "tls_privatekey = %s/key.pem\nacl_smtp_rcpt = rcpt\nacl_smtp_data = accept\nqueue_only = true\n"
         "smtp_accept_max = 50\nsmtp_accept_queue_per_connection = 0\nkeep_environment "
         "=\nallow_domain_literals\n"
         "smtp_accept_max_per_connection = 0\nbegin acl\nrcpt:\n"
         "  deny local_parts = ^nobody\n    message = 550 no such user\n"
         "  defer local_parts = ^grey\n"
         "    condition = ${if exists{%s/open}{no}{yes}}\n    message = 451 come again\n  accept\n"
         "begin routers\nall:\n  driver = accept\n  transport = drop\nbegin transports\ndrop:\n"
         "  driver = appendfile\n  directory = %s/mail\n  maildir_format = true\n  create_directory\n"
         "  user = Debian-exim\n"
         "begin retry\n* * F,1h,1s\n",
         p->dir, p->dir, p->dir, p->mail_port, p->dir, p->dir, p->dir, p->dir);
}

static void write_kannel(const struct posthouse *p)
{
    file(
        p, "kannel.conf",
        "group = core\nadmin-port = %d\nadmin-password = a%d\nadmin-interface = 127.0.0.1\nsmsbox-port = %d\n"
        "smsbox-interface = 127.0.0.1\nbox-deny-ip = \"*.*.*.*\"\nbox-allow-ip = \"127.0.0.1\"\n"
        "log-file = %s/core.log\nlog-level = 1\nstore-type = spool\nstore-location = %s/store\n"
        "dlr-storage = internal\n\ngroup = smsc\nsmsc = fake\nsmsc-id = fake\nhost = localhost\nport = %d\n"
        "connect-allow-ip = 127.0.0.1\n\ngroup = smsbox\nbearerbox-host = 127.0.0.1\nsendsms-port = %d\n"
        "sendsms-interface = 127.0.0.1\nglobal-sender = 1234\nlog-file = %s/box.log\nlog-level = 1\n"
        "access-log = %s/access.log\n\ngroup = sendsms-user\nusername = pridvor\npassword = geheim\n"
        "concatenation = true\nmax-messages = 10\n\ngroup = sms-service\nkeyword = default\ntext = no\n",
        test_port(), p->core_port, p->core_port, p->dir, p->dir, p->centre_port, p->sms_port, p->dir, p->dir);
    file(p, "token", "geheim\n");
}

bool posthouse_make(struct posthouse *p, bool sms)
{
    char cert[200], key[200], store[200];
    const struct passwd *pw = getpwnam("Debian-exim");

    memset(p, 0, sizeof(*p));
    p->exim = geteuid() == 0 && !getenv("PRIDVOR_AIOSMTPD") && pw && access(EXIM, X_OK) == 0;
    if ((!p->exim && access("/usr/lib/python3/dist-packages/aiosmtpd", R_OK) != 0) ||
        access("/usr/bin/openssl", X_OK) != 0 ||
        (sms && (access("/usr/sbin/bearerbox", X_OK) != 0 || access(FAKE_CENTRE, X_OK) != 0)))
        return false;
    snprintf(p->dir, sizeof(p->dir), "/tmp/pridvor-post-XXXXXX");
    if (!mkdtemp(p->dir) || chmod(p->dir, 0755) != 0)
        die("cannot make a folder");
    int *ports[] = {&p->mail_port, &p->sms_port, &p->core_port, &p->box_port, &p->centre_port};
    for (size_t i = 0; i < COUNT(ports); i++)
        *ports[i] = test_port();
    snprintf(cert, sizeof(cert), "%s/cert.pem", p->dir);
    snprintf(key, sizeof(key), "%s/key.pem", p->dir);
    snprintf(store, sizeof(store), "%s/store", p->dir);
    if (mkdir(store, 0700) != 0)
        die("cannot make a folder");
    run(p, (const char *[]){"/usr/bin/openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout",
                            key, "-out", cert, "-days", "30", "-subj", "/CN=localhost", "-addext",
                            "subjectAltName=DNS:localhost", NULL});
    write_exim(p);
    write_kannel(p);
    if (p->exim)
        run(p, (const char *[]){"/bin/chown", "Debian-exim", p->dir, key,
                                NULL}); /* its configuration stays root's */
    return true;
}

void posthouse_mail_start(struct posthouse *p)
{
    char conf[200], mail[200], cert[200], key[200], at[40];

    if (p->mail)
        return;
    snprintf(conf, sizeof(conf), "%s/exim.conf", p->dir);
    snprintf(mail, sizeof(mail), "%s/mail", p->dir);
    snprintf(cert, sizeof(cert), "%s/cert.pem", p->dir);
    snprintf(key, sizeof(key), "%s/key.pem", p->dir);
    snprintf(at, sizeof(at), "127.0.0.1:%d", p->mail_port);
    const char *exim[] = {EXIM, "-C", conf, "-bdf", "-q2s", NULL};
    const char *py[] = {
        PYTHON, "-m",        "aiosmtpd", "-n",       "-c", "aiosmtpd.handlers.Mailbox", mail, "-l",
        at,     "--tlscert", cert,       "--tlskey", key,  "--no-requiretls",           NULL};
    p->mail = spawn(p, "mail.out", p->exim ? exim : py);
    wait_port(p->mail_port, "the mail server does not listen; see mail.out");
}

void posthouse_sms_start(struct posthouse *p)
{
    char port[12];

    snprintf(port, sizeof(port), "%d", p->centre_port);
    if (!p->core) {
        p->core =
            spawn(p, "core.out", (const char *[]){"/usr/sbin/bearerbox", "-v", "4", "kannel.conf", NULL});
        wait_port(p->core_port, "bearerbox does not listen; see core.out");
        wait_port(p->centre_port, "bearerbox does not wait for its SMS centre");
        posthouse_kill(&p->centre);
        posthouse_kill(&p->box);
    }
    if (!p->centre)
        p->centre = spawn(p, "centre.log",
                          (const char *[]){FAKE_CENTRE, "-H", "127.0.0.1", "-r", port, "-i", "1", "-m", "0",
                                           "1 2 text x", NULL});
    if (!p->box)
        p->box = spawn(p, "box.out", (const char *[]){"/usr/sbin/smsbox", "-v", "4", "kannel.conf", NULL});
    wait_port(p->sms_port, "smsbox does not listen; see box.out");
}

void posthouse_kill(pid_t *pid)
{
    if (*pid > 0) {
        kill(-*pid, SIGKILL);
        waitpid(*pid, NULL, 0);
    }
    *pid = 0;
}

void posthouse_free(struct posthouse *p)
{
    pid_t *all[] = {&p->mail, &p->box, &p->centre, &p->core};

    for (size_t i = 0; i < COUNT(all); i++)
        posthouse_kill(all[i]);
    pid_t pid = p->dir[0] && !getenv("PRIDVOR_KEEP") ? fork() : -1;
    if (pid == 0) {
        execlp("rm", "rm", "-rf", "--", p->dir, (char *)NULL);
        _exit(127);
    }
    if (pid > 0)
        waitpid(pid, NULL, 0);
}

const char *posthouse_conf(const struct posthouse *p, int report_port)
{
    static char text[1600];
    snprintf(
        text, sizeof(text),
        ",\"public_url\":\"https://cluj.example\",\"retry_unit_ms\":300,"
        "\"smtp\":{\"url\":\"smtp://localhost:%d\",\"from\":\"registratura@test.example\",\"ca\":"
        "\"%s/cert.pem\",\"timeout_ms\":20000},"
        "\"sms\":{\"url\":\"http://127.0.0.1:%d/cgi-bin/sendsms?username=pridvor&password={token}&to={to}"
        "&text={text}&charset=UTF-8&coding={coding}&dlr-mask=31&dlr-url={report}%%25d\","
        "\"token_file\":\"%s/token\",\"report_url\":\"http://127.0.0.1:%d\",\"transliterate\":true}",
        p->mail_port, p->dir, p->sms_port, p->dir, report_port);
    return text;
}

static void read_file(const char *path, struct buf *out)
{
    char part[8192];
    ssize_t n;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    while (fd >= 0 && (n = read(fd, part, sizeof(part))) > 0)
        buf_add(out, part, (size_t)n);
    if (fd >= 0)
        close(fd);
}

unsigned posthouse_mails(const struct posthouse *p, void (*fn)(const char *text, void *user), void *user)
{
    char path[800];
    unsigned n = 0;

    snprintf(path, sizeof(path), "%s/mail/new", p->dir);
    DIR *d = opendir(path);
    for (struct dirent *e; d && (e = readdir(d));) {
        BUF_SCOPE(text);
        if (e->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "%s/mail/new/%s", p->dir, e->d_name);
        read_file(path, &text);
        n++;
        if (fn)
            fn(text.p ? text.p : "", user);
    }
    if (d)
        closedir(d);
    return n;
}

unsigned posthouse_texts(const struct posthouse *p, void (*fn)(const char *line, void *user), void *user)
{
    char path[200];
    unsigned n = 0;
    BUF_SCOPE(text);

    snprintf(path, sizeof(path), "%s/centre.log", p->dir);
    read_file(path, &text);
    for (char *s = text.p; s && *s;) {
        char *end = strchr(s, '\n');
        if (end)
            *end = 0;
        if (strstr(s, "Got message")) {
            n++;
            if (fn)
                fn(s, user);
        }
        s = end ? end + 1 : NULL;
    }
    return n;
}
