/* The program itself, from outside: who may speak to it, what it serves, its events, its socket, its memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "common/base/fs.h"
#include "common/base/json.h"
#include "tests/unit/base_certs.h"
#include "tests/unit/base_rig.h"

static struct {
    char dir[64], key[80], token[80];
    struct certs certs;
    int port;
    pid_t pid;
    struct arena *arena;
} k;

static const char *path(const char *name)
{
    return arena_fmt(k.arena, "%s/%s", k.dir, name);
}

static void file(const char *name, const char *text, int mode)
{
    struct err e = {0};
    assert_int_equal(fs_write(path(name), text, strlen(text), mode, &e), RC_OK);
}

static const char *env(const char *name, const char *def)
{
    const char *v = getenv(name);
    return v && *v ? v : def;
}

static void write_conf(void)
{
    const char *source = env("PRIDVOR_SOURCE", "."), *build = env("PRIDVOR_BUILD", "build/dev");
    BUF_SCOPE(b);
    buf_fmt(&b, "{\"terminal\":\"K07\",\"institution\":\"uat-54975\",\"port\":0,\"ui_dir\":\"%s/ui\",",
            k.dir);
    buf_fmt(&b, "\"configs\":\"%s/configs\",\"institutions\":\"%s/configs/institutions/cluj.json\",", source,
            source);
    buf_fmt(&b, "\"run_dir\":\"%s/run\",\"queue\":\"%s/queue.db\",\"queue_key\":\"%s/queue.key\",", k.dir,
            k.dir, k.dir);
    buf_str(&b, "\"services\":[\"cs.birth_certificate\",\"complaint.abandoned_vehicle\"],"
                "\"status_url\":\"http://127.0.0.1:7082/s/\",\"page_grace_ms\":6000,");
    buf_fmt(&b,
            "\"register\":{\"host\":\"127.0.0.1\",\"port\":9,\"server_name\":\"localhost\",\"ca\":\"%s\",",
            certs_path(&k.certs, "ca.pem"));
    buf_fmt(&b, "\"cert\":\"%s\",\"key\":\"%s\"},\"drivers\":[", certs_path(&k.certs, "client.pem"),
            certs_path(&k.certs, "client.key"));
    buf_fmt(&b, "{\"name\":\"card\",\"argv\":[\"%s/tests/fake_kdrv\",\"inserted\"]},", build);
    buf_fmt(&b, "{\"name\":\"scan\",\"argv\":[\"%s/tests/fake_kdrv\",\"good\"]},", build);
    buf_fmt(&b, "{\"name\":\"print\",\"argv\":[\"%s/tests/fake_kdrv\",\"good\"]}]}", build);
    file("kiosk.conf", b.p, 0600);
}

static void kioskd_start(void)
{
    const char *program = arena_fmt(k.arena, "%s/firmware/kioskd", env("PRIDVOR_BUILD", "build/dev"));
    const char *url = path("run/kiosk.url");
    unlink(url);
    k.pid = fork();
    if (k.pid == 0) {
        int log = open(path("kioskd.log"), O_CREAT | O_WRONLY | O_APPEND, 0600);
        dup2(log, 2);
        execl(program, program, "--config", path("kiosk.conf"), (char *)NULL);
        _exit(127);
    }
    int64_t until = mono_ms() + 20000;
    while (!fs_exists(url) && mono_ms() < until)
        usleep(20000);
    char *text;
    size_t len;
    struct err e = {0};
    assert_int_equal(fs_read(k.arena, url, 400, &text, &len, &e), RC_OK);
    assert_int_equal(sscanf(text, "http://127.0.0.1:%d/#k=%79[0-9a-f]", &k.port, k.key), 2);
}

static void kioskd_end(int signum)
{
    int status;
    kill(k.pid, signum);
    assert_int_equal(waitpid(k.pid, &status, 0), k.pid);
    if (signum == SIGTERM)
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static int setup(void **state)
{
    (void)state;
    memset(&k, 0, sizeof(k));
    signal(SIGPIPE, SIG_IGN);
    k.arena = arena_new();
    snprintf(k.dir, sizeof(k.dir), "/tmp/pridvor-kioskd-XXXXXX");
    assert_non_null(mkdtemp(k.dir));
    certs_make(&k.certs);
    assert_int_equal(mkdir(path("ui"), 0755) | mkdir(path("ui/assets"), 0755), 0);
    file("ui/index.html", "<!doctype html><title>page</title>", 0644);
    file("ui/assets/app.js", "export {}", 0644);
    file("ui/.hidden.js", "hidden", 0644);
    file("ui/notes.md", "notes", 0644);
    file("outside.js", "outside", 0644);
    assert_int_equal(symlink(path("outside.js"), path("ui/assets/link.js")), 0);
    write_conf();
    kioskd_start();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    static const char *const names[] = {
        // clang-format off
        "ui/assets/link.js", "ui/assets/app.js", "ui/assets", "ui/index.html", "ui/.hidden.js",
        "ui/notes.md", "ui", "outside.js", "run/kiosk.url", "run", "kiosk.conf", "kioskd.log",
        "devices.json", "queue.db", "queue.db-wal", "queue.db.reserve", "queue.key",
        // clang-format on
    };
    kioskd_end(SIGTERM);
    for (size_t i = 0; i < COUNT(names); i++)
        remove(path(names[i]));
    rmdir(k.dir);
    certs_remove(&k.certs);
    arena_free(k.arena);
    return 0;
}

/* Raw requests. %H stands for the right host, %O for the right origin, %T for the token. */
static char *fill(const char *tpl)
{
    BUF_SCOPE(b);
    for (const char *p = tpl; *p; p++) {
        if (p[0] != '%' || !strchr("HOT", p[1])) {
            buf_chr(&b, *p);
            continue;
        }
        if (*++p == 'T')
            buf_str(&b, k.token);
        else
            buf_fmt(&b, "%s127.0.0.1:%d", *p == 'O' ? "http://" : "", k.port);
    }
    return arena_strn(k.arena, b.p, b.len);
}

static char *talk(const char *tpl)
{
    char *request = fill(tpl);
    char *raw = raw_talk(k.port, request, strlen(request), 0);
    char *kept = arena_str(k.arena, raw ? raw : "");
    free(raw);
    return kept;
}

static int status_of(const char *answer)
{
    int status = 0;
    return sscanf(answer, "HTTP/1.1 %d", &status) == 1 ? status : 0;
}

static int status(const char *tpl)
{
    return status_of(talk(tpl));
}

static char *post(const char *where, const char *body)
{
    return talk(
        arena_fmt(k.arena,
                  "POST %s HTTP/1.1\r\nHost: %%H\r\nOrigin: %%O\r\nX-Pridvor-Token: %%T\r\n"
                  "Content-Type: application/json\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s",
                  where, strlen(body), body));
}

static char *get(const char *where)
{
    return talk(arena_fmt(
        k.arena, "GET %s HTTP/1.1\r\nHost: %%H\r\nX-Pridvor-Token: %%T\r\nConnection: close\r\n\r\n", where));
}

static void hello(void)
{
    char *answer = post("/v1/hello", arena_fmt(k.arena, "{\"key\":\"%s\"}", k.key));
    assert_int_equal(status_of(answer), 200);
    char *token = strstr(answer, "{\"token\":\"");
    assert_non_null(token);
    assert_int_equal(sscanf(token, "{\"token\":\"%79[0-9a-f]\"", k.token), 1);
}

#define CLOSE "Connection: close\r\n\r\n"
#define JSON "Content-Type: application/json\r\nContent-Length: 2\r\n"
#define TOKEN "X-Pridvor-Token: %T\r\n"

static void test_strangers(void **state)
{
    (void)state;
    static const struct {
        const char *request;
        int want;
    } rows[] = {
        {"GET / HTTP/1.1\r\nHost: %H\r\n" CLOSE, 200},
        {"GET / HTTP/1.1\r\nHost: localhost\r\n" CLOSE, 421},
        {"GET / HTTP/1.1\r\nHost: evil.example:7080\r\n" CLOSE, 421},
        {"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n" CLOSE, 421},
        {"GET / HTTP/1.1\r\n" CLOSE, 400},
        {"GET / HTTP/1.1\r\nHost: %H\r\nHost: evil\r\n" CLOSE, 400},
        {"GET / HTTP/1.1\r\nHost: %H\r\nSec-Fetch-Site: none\r\n" CLOSE, 200},
        {"GET / HTTP/1.1\r\nHost: %H\r\nSec-Fetch-Site: cross-site\r\n" CLOSE, 403},
        {"GET /assets/app.js HTTP/1.1\r\nHost: %H\r\nSec-Fetch-Site: same-site\r\n" CLOSE, 403},
        {"GET /assets/app.js HTTP/1.1\r\nHost: %H\r\nOrigin: http://127.0.0.1:1\r\n" CLOSE, 403},
        {"GET /v1/state HTTP/1.1\r\nHost: %H\r\n" TOKEN CLOSE, 200},
        {"GET /v1/state HTTP/1.1\r\nHost: %H\r\n" CLOSE, 403},
        {"GET /v1/state HTTP/1.1\r\nHost: %H\r\nX-Pridvor-Token: %T0\r\n" CLOSE, 401},
        {"GET /v1/state HTTP/1.1\r\nHost: %H\r\nX-Pridvor-Token: \r\n" CLOSE, 401},
        {"GET /v1/state?t=%T HTTP/1.1\r\nHost: %H\r\n" CLOSE, 403},
        {"GET /v1/events HTTP/1.1\r\nHost: %H\r\n" CLOSE, 403},
        {"GET /v1/qr.svg HTTP/1.1\r\nHost: %H\r\n" TOKEN CLOSE, 404},
        {"POST /v1/session/touch HTTP/1.1\r\nHost: %H\r\n" TOKEN JSON CLOSE "{}", 403},
        {"POST /v1/session/touch HTTP/1.1\r\nHost: %H\r\nOrigin: null\r\n" TOKEN JSON CLOSE "{}", 403},
        {"POST /v1/session/touch HTTP/1.1\r\nHost: %H\r\nOrigin: https://portal.example\r\n" TOKEN JSON CLOSE
         "{}",
         403},
        {"POST /v1/session/touch HTTP/1.1\r\nHost: %H\r\nOrigin: %O\r\n" JSON CLOSE "{}", 403},
        {"POST /v1/session/touch HTTP/1.1\r\nHost: %H\r\nOrigin: %O\r\n" TOKEN
         "Content-Type: text/plain\r\nContent-Length: 2\r\n" CLOSE "{}",
         403},
        {"POST /v1/session/touch HTTP/1.1\r\nHost: %H\r\nOrigin: %O\r\n" TOKEN JSON CLOSE "{}", 409},
        {"POST /v1/no/such HTTP/1.1\r\nHost: %H\r\nOrigin: %O\r\n" TOKEN JSON CLOSE "{}", 404},
        {"OPTIONS /v1/state HTTP/1.1\r\nHost: %H\r\nOrigin: http://evil\r\n" CLOSE, 405},
        {"GET /healthz HTTP/1.1\r\nHost: %H\r\n" CLOSE, 200},
        {"GET /healthz HTTP/1.1\r\nHost: evil\r\n" CLOSE, 421},
    };
    hello();
    for (size_t i = 0; i < COUNT(rows); i++) {
        int got = status(rows[i].request);
        if (got != rows[i].want)
            fail_msg("%d instead of %d for %s", got, rows[i].want, rows[i].request);
    }
}

static void test_files(void **state)
{
    (void)state;
    static const char *const gone[] = {
        "/queue.key",
        "/../queue.key",
        "/assets/../../queue.key",
        "/assets/%2e%2e/%2e%2e/queue.key",
        "/.hidden.js",
        "/notes.md",
        "/assets",
        "/assets/",
        "/assets/link.js",
        "/assets/app.js/",
        "/ASSETS/APP.JS",
        "//etc/passwd",
        "/assets/app.js%00.html",
        "/..%5cqueue.key",
    };
    for (size_t i = 0; i < COUNT(gone); i++) {
        char *answer = get(gone[i]);
        int got = status_of(answer);
        if (got != 404 && got != 400)
            fail_msg("%s: %d", gone[i], got);
    }
    char *page = get("/"), *script = get("/assets/app.js");
    assert_non_null(strstr(page, "<title>page</title>"));
    assert_non_null(strcasestr(page, "content-type: text/html; charset=utf-8"));
    assert_non_null(strcasestr(script, "content-type: text/javascript"));
}

static void test_headers(void **state)
{
    (void)state;
    static const char *const wanted[] = {
        "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; connect-src "
        "'self'; "
        "img-src 'self' blob:;",
        "frame-ancestors 'none'",
        "form-action 'none'",
        "base-uri 'none'",
        "require-trusted-types-for 'script'",
        "X-Content-Type-Options: nosniff",
        "Referrer-Policy: no-referrer",
        "Cross-Origin-Opener-Policy: same-origin",
        "Cross-Origin-Resource-Policy: same-origin",
        "Permissions-Policy: ",
        "Cache-Control: no-store",
    };
    char *const answers[] = {get("/"), get("/nothing"), get("/v1/state"), get("/healthz"),
                             post("/v1/hello", "{}")};
    for (size_t i = 0; i < COUNT(answers); i++)
        for (size_t n = 0; n < COUNT(wanted); n++)
            if (!strcasestr(answers[i], wanted[n]))
                fail_msg("answer %zu lacks %s:\n%s", i, wanted[n], answers[i]);
    assert_null(strcasestr(answers[0], "set-cookie"));
    assert_null(strcasestr(answers[0], "access-control-allow"));
}

static void test_hello(void **state)
{
    (void)state;
    char old[80];
    assert_int_equal(status_of(post("/v1/hello", "{\"key\":\"0000\"}")), 401);
    assert_int_equal(status_of(post("/v1/hello", "{\"key\":\"\"}")), 422);
    assert_int_equal(status_of(post("/v1/hello", "not json")), 400);
    hello();
    snprintf(old, sizeof(old), "%s", k.token);
    hello();
    assert_string_not_equal(old, k.token);
    assert_int_equal(status_of(get("/v1/state")), 200);
    assert_int_equal(status_of(post("/v1/session/start", "{\"lang\":\"ro\"}")), 200);
    assert_int_equal(status_of(post("/v1/hello", arena_fmt(k.arena, "{\"key\":\"%s\"}", k.key))), 409);
    char *page = post("/v1/form/answer", "{\"values\":{}}");
    assert_int_equal(status_of(page), 409); /* wrong step, in the session's language */
    assert_non_null(strstr(page, "Acest pas nu se poate face acum."));
    assert_int_equal(status_of(post("/v1/session/end", "{}")), 200);
    assert_int_equal(status_of(get("/v1/state")), 401);
}

static void test_sizes(void **state)
{
    (void)state;
    hello();
    char *big = arena_alloc(k.arena, 200001);
    memset(big, ' ', 200000);
    assert_int_equal(status_of(post("/v1/session/start", big)), 413);
    char *deep = arena_alloc(k.arena, 4001);
    memset(deep, '[', 4000);
    assert_int_equal(status_of(post("/v1/session/start", deep)), 400);
    assert_int_equal(status_of(post("/v1/session/start", "{\"lang\":\"\xff\"}")), 400);
    assert_int_equal(status_of(get("/v1/state")), 200);
}

/* The stream: the whole state at once, a state per change, a good-bye. */
static void test_events(void **state)
{
    (void)state;
    hello();
    int fd = raw_connect(k.port);
    raw_say(fd, fill("GET /v1/events HTTP/1.1\r\nHost: %H\r\n" TOKEN "\r\n"));
    char *first = raw_until(fd, "\"notice\":\"\"}\n\n", 5000);
    assert_non_null(strcasestr(first, "content-type: text/event-stream"));
    assert_non_null(strstr(first, "retry: 500\n\n"));
    assert_non_null(strstr(first, "event: state\ndata: {\"seq\":"));
    assert_non_null(strstr(first, "\"step\":\"idle\""));
    free(first);
    assert_int_equal(status_of(post("/v1/session/start", "{\"lang\":\"hu\"}")), 200);
    char *second = raw_until(fd, "\"step\":\"service\",\"lang\":\"hu\"", 5000);
    assert_non_null(strstr(second, "Születési"));
    free(second);
    assert_int_equal(status_of(post("/v1/session/end", "{}")), 200);
    char *last = raw_until(fd, "event: bye", 5000);
    assert_non_null(strstr(last, "event: bye"));
    free(last);
    close(fd);
}

/* Three pages into the tray; whole and small they come only with the token. */
static void scan_pages(void)
{
    int64_t until = mono_ms() + 30000;
    char *started;
    /* 503 until the scanner's driver has said hello to the kioskd that just began */
    while (status_of(started = post("/v1/scan/start", "{\"field\":\"photo\",\"source\":\"feeder\"}")) ==
               503 &&
           mono_ms() < until)
        usleep(50000);
    if (status_of(started) != 202)
        fail_msg("scan: %s", started);
    while (!strstr(get("/v1/state"), "\"id\":3,") && mono_ms() < until)
        usleep(20000);
    while (!strstr(get("/v1/state"), "\"scan\":{\"field\":\"photo\",\"phase\":\"ready\"") &&
           mono_ms() < until)
        usleep(20000);
    char *thumb = get("/v1/scan/thumb/3");
    assert_int_equal(status_of(thumb), 200);
    assert_non_null(strcasestr(thumb, "content-type: image/jpeg"));
    assert_non_null(strcasestr(thumb, "cache-control: no-store"));
    static const char *const gone[] = {"/v1/scan/page/4", "/v1/scan/page/1x", "/v1/scan/thumb/99999999999"};
    for (size_t i = 0; i < COUNT(gone); i++)
        assert_int_equal(status_of(get(gone[i])), 404);
    assert_int_equal(status("GET /v1/scan/page/1 HTTP/1.1\r\nHost: %H\r\nConnection: close\r\n\r\n"), 403);
}

/* A session with the fake card; typed where the card says nothing. */
static void to_done(const char *name)
{
    hello();
    post("/v1/session/start", "{\"lang\":\"ro\"}");
    post("/v1/session/service", "{\"service\":\"complaint.abandoned_vehicle\"}");
    for (int page = 0; page < 40; page++) {
        char *answer = strstr(get("/v1/state"), "{\"seq\"");
        struct jval *v = NULL;
        assert_non_null(answer);
        assert_int_equal(jval_parse(k.arena, answer, strlen(answer), &v, NULL), RC_OK);
        if (strcmp(jval_str(v, "step", ""), "form") != 0)
            break;
        const struct jval *fields = jval_get(jval_get(v, "form"), "fields");
        if (strcmp(jval_str(&fields->items[0], "type", ""), "file") == 0)
            scan_pages();
        BUF_SCOPE(b);
        buf_str(&b, "{\"values\":{");
        for (size_t i = 0, n = 0; i < fields->n; i++) {
            const struct jval *f = &fields->items[i], *options = jval_get(f, "options");
            const char *type = jval_str(f, "type", "");
            if (strcmp(type, "note") == 0 || strcmp(type, "file") == 0 || strcmp(type, "multi") == 0 ||
                strcmp(type, "email") == 0 || strcmp(type, "phone") == 0 || strcmp(type, "plate") == 0)
                continue;
            const char *value = options->n                  ? jval_str(&options->items[0], "id", "")
                                : strcmp(type, "bool") == 0 ? "true"
                                                            : name;
            buf_fmt(&b, "%s\"%s\":\"%s\"", n++ ? "," : "", jval_str(f, "id", ""), value);
        }
        buf_str(&b, "}}");
        char *reply = post("/v1/form/answer", b.p);
        if (status_of(reply) != 200)
            fail_msg("%s\n%s", b.p, reply);
    }
    char *reply = post("/v1/submit", "{\"key\":\"018f0000-0000-7000-8000-000000000001\"}");
    if (status_of(reply) != 202)
        fail_msg("submit: %s", reply);
    int64_t until = mono_ms() + 30000;
    while (!strstr(get("/v1/state"), "\"phase\":\"printed\"") && mono_ms() < until)
        usleep(20000);
    assert_non_null(strstr(get("/v1/state"), "\"provisional\":true"));
}

/* kill -9 after "done": what was promised is there after the restart. */
static void test_killed(void **state)
{
    (void)state;
    to_done("Zzyzxq");
    kioskd_end(SIGKILL);
    kioskd_start();
    assert_true(strstr(get("/healthz"), "\"queued\":1") || strstr(get("/healthz"), "\"sent\":1"));
    hello();
    assert_non_null(strstr(get("/v1/state"), "\"step\":\"idle\""));
}

/* The page dies in mid-session: started again at once, it goes on; not started again, everything goes. */
static void test_page_again(void **state)
{
    (void)state;
    char old[80];
    hello();
    snprintf(old, sizeof(old), "%s", k.token);
    int fd = raw_connect(k.port);
    raw_say(fd, fill("GET /v1/events HTTP/1.1\r\nHost: %H\r\n" TOKEN "\r\n"));
    free(raw_until(fd, "\"notice\":\"\"}\n\n", 20000));
    assert_int_equal(status_of(post("/v1/session/start", "{\"lang\":\"hu\"}")), 200);
    const char *again = arena_fmt(k.arena, "{\"key\":\"%s\"}", k.key);
    assert_int_equal(status_of(post("/v1/hello", again)), 409); /* another page lives */
    close(fd);
    int64_t until = mono_ms() + 5500; /* less than page_grace_ms */
    char *answer = NULL;
    do /* kioskd has to see the end of the stream first */
        answer = post("/v1/hello", again);
    while (status_of(answer) == 409 && mono_ms() < until);
    char *token = strstr(answer, "{\"token\":\"");
    assert_non_null(token);
    assert_int_equal(sscanf(token, "{\"token\":\"%79[0-9a-f]\"", k.token), 1);
    assert_string_not_equal(old, k.token);
    assert_non_null(strstr(get("/v1/state"), "\"step\":\"service\""));
    assert_non_null(strstr(get("/v1/state"), "\"lang\":\"hu\""));
    fd = raw_connect(k.port);
    raw_say(fd, fill("GET /v1/events HTTP/1.1\r\nHost: %H\r\n" TOKEN "\r\n"));
    free(raw_until(fd, "\"step\":\"service\"", 20000));
    close(fd); /* and this time nobody comes back */
    until = mono_ms() + 30000;
    while (!strstr(talk("GET /healthz HTTP/1.1\r\nHost: %H\r\n" CLOSE), "\"session\":false") &&
           mono_ms() < until)
        usleep(50000);
    assert_int_equal(status_of(get("/v1/state")), 401);
    hello();
    assert_non_null(strstr(get("/v1/state"), "\"step\":\"idle\""));
}

static void test_memory(void **state)
{
    (void)state;
#ifdef __SANITIZE_ADDRESS__
    skip(); /* the sanitizer keeps freed memory as it was */
#endif
    to_done("Qwyjibo");
    int during = memory_has((int)k.pid, "Qwyjibo");
    if (during < 0)
        skip();
    int papers = memory_has((int)k.pid, "PAGEMARKER-7f3a");
    assert_true(during > 0 && papers > 0); /* the search itself works */
    assert_int_equal(status_of(post("/v1/session/end", "{}")), 200);
    int64_t until = mono_ms() + 20000;
    int after, left;
    while ((after = memory_has((int)k.pid, "Qwyjibo")) > 0 && mono_ms() < until)
        usleep(50000);
    while ((left = memory_has((int)k.pid, "PAGEMARKER-7f3a")) > 0 && mono_ms() < until)
        usleep(50000);
    printf("memory: %d places during the session, %d after it; scanned pages %d, then %d\n", during, after,
           papers, left);
    assert_int_equal(after, 0);
    assert_int_equal(left, 0);
    ARENA_SCOPE(a);
    char *log;
    size_t len;
    struct err e = {0};
    assert_int_equal(fs_read(a, path("kioskd.log"), 4 << 20, &log, &len, &e), RC_OK);
    assert_null(strstr(log, "Qwyjibo"));
}

/* The technician's socket. */
static int ctl_connect(void)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    snprintf(to.sun_path, sizeof(to.sun_path), "%s/run/kioskd.sock", k.dir);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    return fd;
}

static char *ctl(const char *line)
{
    int fd = ctl_connect();
    raw_say(fd, line);
    char *raw = raw_read(fd, 5000, &(size_t){0});
    char *kept = arena_str(k.arena, raw ? raw : "");
    free(raw);
    close(fd);
    return kept;
}

static void test_ctl(void **state)
{
    (void)state;
    struct stat st;
    assert_int_equal(stat(path("run/kioskd.sock"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    char *list = ctl("{\"driver\":\"*\",\"verb\":\"list\"}\n");
    assert_non_null(strstr(list, "\"completion\":\"ok\""));
    assert_non_null(strstr(list, "\"name\":\"card\""));
    char *card =
        ctl("{\"driver\":\"card\",\"verb\":\"read\",\"deadline_ms\":5000,\"args\":{\"can\":\"123456\"}}\n");
    assert_non_null(strstr(card, "\"kind\":\"ack\""));
    assert_non_null(strstr(card, "\"last_name\":\"POPESCU\""));
    assert_non_null(strstr(card, "\"kind\":\"completion\""));
    assert_non_null(strstr(ctl("{\"driver\":\"office\",\"verb\":\"x\"}\n"), "\"completion\":\"no-device\""));
    assert_non_null(strstr(ctl("{\"driver\":\"*\",\"verb\":\"x\"}\n"), "\"completion\":\"unsupported\""));
    assert_non_null(strstr(ctl("nonsense\n"), "\"completion\":\"bad-request\""));
    assert_non_null(
        strstr(ctl("{\"driver\":\"*\",\"verb\":\"doctor\"}\n"), "\"name\":\"queue_key\",\"ok\":true"));
    hello();
    post("/v1/session/start", "{\"lang\":\"ro\"}");
    assert_non_null(strstr(ctl("{\"driver\":\"card\",\"verb\":\"status\"}\n"), "\"completion\":\"busy\""));
    assert_non_null(strstr(ctl("{\"driver\":\"*\",\"verb\":\"status\"}\n"), "\"session\":true"));
}

/* More silent guests than there are places: when they have left, the socket answers again. */
static void test_ctl_crowd(void **state)
{
    (void)state;
    int fds[24];
    for (size_t i = 0; i < COUNT(fds); i++)
        fds[i] = ctl_connect();
    usleep(300000);
    for (size_t i = 0; i < COUNT(fds); i++)
        close(fds[i]);
    for (int i = 0; i < 3; i++)
        assert_non_null(strstr(ctl("{\"driver\":\"*\",\"verb\":\"status\"}\n"), "\"completion\":\"ok\""));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {T(test_strangers),  T(test_files),  T(test_headers),  T(test_hello),
                                       T(test_sizes),      T(test_events), T(test_killed),   T(test_memory),
                                       T(test_page_again), T(test_ctl),    T(test_ctl_crowd)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
