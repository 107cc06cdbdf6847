/* A driver process that behaves as it is told: fake_kdrv MODE. Enough of the frame protocol for kioskd's side
 * of it. */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/model/signature.h"

#include "common/base/buf.h"
#include "common/base/crypto.h"
#include "common/base/fs.h"
#include "common/base/text.h"

static const char *mode;
static long capture; /* running capture or read to cancel */
static int done_prints;
static int pin_tries = 3;
static char request_hash[SIGNATURE_HEX]; /* of the running capture */

static bool is(const char *name)
{
    return strcmp(mode, name) == 0;
}

static void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *fmt, ...)
{
    __builtin_va_list ap;
    __builtin_va_start(ap, fmt);
    vprintf(fmt, ap);
    __builtin_va_end(ap);
    putchar('\n');
    fflush(stdout);
}

static void state(void)
{
    const char *label = getenv("FAKE_LABEL");
    say("{\"kind\":\"state\",\"link\":\"%s\",\"activity\":\"idle\",\"condition\":\"%s\",\"media\":[],"
        "\"model\":\"%s\","
        "\"serial\":\"\",\"port\":\"1-1\",\"counters\":{\"reopen\":0,\"reset\":0}}",
        is("absent") ? "absent" : "up", is("staff") ? "staff" : "ok", label ? label : "fake");
}

static void complete(long id, const char *word, const char *outcome, const char *code, const char *data)
{
    int times = is("double") ? 2 : 1;
    for (int i = 0; i < times; i++)
        say("{\"kind\":\"completion\",\"id\":%ld,\"completion\":\"%s\",\"code\":\"%s\",\"outcome\":\"%s\","
            "\"detail\":%d,"
            "\"text\":\"\",\"data\":%s}",
            id, word, code, outcome,
            strcmp(code, "CAN_WRONG") == 0   ? 2
            : strcmp(code, "PIN_WRONG") == 0 ? pin_tries
                                             : 0,
            data);
}

/* CAN 000003 opens another person's card. */
static void identity_of(const char *line, char *out, size_t cap)
{
    bool other = strstr(line, "\"can\":\"000003\"");
    snprintf(out, cap,
             "{\"document_type\":\"ID\",\"document_number\":\"%s\",\"issuing_state\":\"ROU\","
             "\"nationality\":\"ROU\","
             "\"last_name\":\"%s\",\"first_name\":\"ANA MARIA\",\"birth_date\":\"1990-01-01\","
             "\"expiry_date\":\"2035-01-01\",\"sex\":\"F\",\"cnp\":\"2900101120015\",\"mrz_format\":\"TD1\"}",
             other ? "YY654321" : "XX123456", other ? "IONESCU" : "POPESCU");
}

/* What no right PIN is about: fake cards and readers, by the digits typed. */
static bool odd_pin(long id, const char *line)
{
    static const struct {
        const char *pin, *word, *code;
    } odd[] = {{"\"pin\":\"9001\"", "user-needed", "CARD_REMOVED"},
               {"\"pin\":\"9002\"", "user-needed", "CAN_WRONG"},
               {"\"pin\":\"9003\"", "unsupported", "NO_ADDRESS"},
               {"\"pin\":\"9004\"", "unsupported", "PIN_BLOCKED"},
               {"\"pin\":\"9005\"", "user-needed", "CARD_ABSENT"},
               {"\"pin\":\"9006\"", "device-error", "READER_HARDWARE"}};
    for (size_t i = 0; i < COUNT(odd); i++)
        if (strstr(line, odd[i].pin)) {
            complete(id, odd[i].word, "not-done", odd[i].code, "{}");
            return true;
        }
    if (strstr(line, "\"pin\":\"9007\""))
        _exit(3);
    if (strstr(line, "\"pin\":\"9008\"")) { /* the card thinks, and thinks */
        capture = id;
        return true;
    }
    return false;
}

/* PIN 1357 opens the address; 9009 that of another person, 9010 with a chip that has not the key, 9011 with
 * another list of files. */
static void read_address(long id, const char *line)
{
    char identity[600], data[2048];
    bool right = strstr(line, "\"pin\":\"1357\"") || strstr(line, "\"pin\":\"9009\"") ||
                 strstr(line, "\"pin\":\"9010\"") || strstr(line, "\"pin\":\"9011\"");
    if (odd_pin(id, line))
        return;
    if (!right || pin_tries == 0) {
        pin_tries -= pin_tries > 0;
        complete(id, pin_tries ? "user-needed" : "unsupported", "not-done",
                 pin_tries ? "PIN_WRONG" : "PIN_BLOCKED", "{}");
        return;
    }
    pin_tries = 3;
    identity_of(strstr(line, "\"pin\":\"9009\"") ? "\"can\":\"000003\"" : "", identity, sizeof(identity));
    say("{\"kind\":\"event\",\"id\":%ld,\"event\":\"progress\",\"data\":{\"step\":\"address\",\"done\":98,"
        "\"total\":100}}",
        id);
    snprintf(data, sizeof(data),
             "{\"access\":\"PACE\",\"passive\":{\"verdict\":\"valid\",\"reason\":\"why\",\"list\":\"a.ml\"},"
             "\"chip\":{\"method\":\"CA\",\"verdict\":\"%s\"},\"identity\":%s,\"files\":[{\"name\":\"SOD\","
             "\"size\":900,\"sha256\":\"%064d\"}],\"address\":\"jud. Cluj, mun. Turda, str. Lungă nr. 9\"}",
             strstr(line, "\"pin\":\"9010\"") ? "failed" : "genuine", identity,
             strstr(line, "\"pin\":\"9011\"") ? 7 : 2);
    complete(id, "ok", "done", "", data);
}

static void read_card(long id, const char *line)
{
    char identity[600], data[2048];
    identity_of(line, identity, sizeof(identity));
    if (strstr(line, "\"can\":\"000000\"")) {
        complete(id, "user-needed", "not-done", "CAN_WRONG", "{}");
        return;
    }
    if (strstr(line, "\"can\":\"000001\"")) {
        complete(id, "unsupported", "not-done", "PACE_UNSUPPORTED", "{}");
        return;
    }
    say("{\"kind\":\"event\",\"id\":%ld,\"event\":\"progress\",\"data\":{\"step\":\"pace\",\"done\":1,"
        "\"total\":4}}",
        id);
    say("{\"kind\":\"event\",\"id\":%ld,\"event\":\"identity\",\"data\":{\"identity\":%s}}", id, identity);
    if (strstr(line, "\"can\":\"000002\"")) { /* taken out after DG1 */
        complete(id, "user-needed", "not-done", "CARD_REMOVED", "{}");
        return;
    }
    if (strstr(line, "\"can\":\"000006\"")) /* the verdict is about another card than the one that was told */
        identity_of("\"can\":\"000003\"", identity, sizeof(identity));
    /* CAN 000004: files that were changed; 000005: a copied chip; 000007: signed by nobody we know */
    const char *passive = strstr(line, "\"can\":\"000004\"")   ? "hash_differs"
                          : strstr(line, "\"can\":\"000007\"") ? "signer_unknown"
                                                               : "valid",
               *chip = strstr(line, "\"can\":\"000005\"") ? "failed" : "genuine";
    snprintf(data, sizeof(data),
             "{\"access\":\"PACE\",\"passive\":{\"verdict\":\"%s\",\"reason\":\"why\",\"list\":\"a.ml\"},"
             "\"chip\":{\"method\":\"CA\",\"verdict\":\"%s\"},\"identity\":%s,\"files\":[{\"name\":\"DG1\","
             "\"size\":95,\"sha256\":\"%064d\"},"
             "{\"name\":\"SOD\",\"size\":900,\"sha256\":\"%064d\"}],\"apdus\":40,\"ms\":900}",
             passive, chip, identity, 1, 2);
    complete(id, "ok", "done", "", data);
}

static void print(long id)
{
    say("{\"kind\":\"event\",\"id\":%ld,\"event\":\"progress\",\"data\":{\"mm\":40}}", id);
    if (is("die") || (is("die-once") && done_prints == 0 && !getenv("FAKE_LABEL")))
        _exit(3);
    if (is("stuck"))
        return;
    if (is("unknown"))
        complete(id, "timeout", "unknown", "PROCESS_ID_MISSING", "{\"proof\":\"L0\"}");
    else if (is("partial"))
        complete(id, "device-error", "partial", "PAPER_END", "{\"proof\":\"L0\",\"mm\":60}");
    else if (is("uncut"))
        complete(id, "device-error", "done", "CUTTER", "{\"proof\":\"L0\",\"mm\":120,\"cut\":false}");
    else if (is("left")) {
        say("{\"kind\":\"event\",\"id\":%ld,\"event\":\"presented\",\"data\":{\"mm\":120}}", id);
        complete(id, "ok", "done", "TICKET_NOT_TAKEN",
                 "{\"proof\":\"L2\",\"mm\":120,\"cut\":true,\"taken\":false,\"retracted\":true}");
    } else if (is("offered")) { /* in the mouth, and nothing more is heard */
        say("{\"kind\":\"event\",\"id\":%ld,\"event\":\"presented\",\"data\":{\"mm\":120}}", id);
    } else if (is("staff"))
        complete(id, "not-ready", "not-done", "PAPER_END", "{}");
    else
        complete(id, "ok", "done", "", "{\"proof\":\"L2\",\"mm\":142,\"cut\":true}");
    done_prints++;
}

/* As the pad's process does it: nothing was shown, the strokes below, the request it was told. */
static const char *bound(char out[SIGNATURE_HEX])
{
    BUF_SCOPE(bytes);
    struct err e = {0};
    signature_head(&bytes, 9600, 6000, 1023, 1);
    signature_stroke(&bytes, 2);
    signature_sample(&bytes, 100, 100, 200, 0);
    signature_sample(&bytes, 200, 150, 300, 5);
    if (signature_bind(out, "", BYTES(bytes.p, bytes.len), request_hash, &e) != RC_OK)
        out[0] = 0;
    return out;
}

static void finish(void)
{
    char bind[SIGNATURE_HEX], data[512];
    say("{\"kind\":\"event\",\"id\":%ld,\"event\":\"strokes\",\"data\":{\"points\":[[100,100,200,0],[200,150,"
        "300,5]],"
        "\"up\":true}}",
        capture);
    snprintf(data, sizeof data,
             "{\"width\":9600,\"height\":6000,\"max_pressure\":1023,\"strokes\":[[[100,100,200,0],[200,150,"
             "300,5]]],"
             "\"samples\":2,\"ms\":5,\"shown_sha256\":\"\",\"bind\":\"%s\",\"encryption\":\"none\","
             "\"model\":\"fake\"}",
             bound(bind));
    complete(capture, "ok", "done", "", data);
    capture = 0;
}

/* A small grey picture with a word in a comment that can be searched for in memory. */
static struct bytes picture(struct arena *a, int n)
{
    static const char marker[] = "PAGEMARKER-7f3a";
    const char *source = getenv("PRIDVOR_SOURCE");
    char *p;
    size_t len;
    if (fs_read(a, arena_fmt(a, "%s/tests/fuzz/seeds/jpeg/grey.jpg", source ? source : "."), 65536, &p, &len,
                NULL) != RC_OK)
        _exit(9);
    char comment[64];
    int text = snprintf(comment + 4, sizeof(comment) - 4, "%s-%d", marker, n);
    comment[0] = (char)0xFF;
    comment[1] = (char)0xFE;
    comment[2] = 0;
    comment[3] = (char)(text + 2);
    BUF_SCOPE(b);
    buf_add(&b, p, 2);
    buf_add(&b, comment, (size_t)text + 4);
    buf_add(&b, p + 2, len - 2);
    return BYTES(arena_dup(a, b.p, b.len), b.len);
}

static void scan_page(long id, int n)
{
    ARENA_SCOPE(a);
    struct bytes jpeg = picture(a, n);
    uint8_t hash[SHA256_LEN];
    char hex[2 * SHA256_LEN + 1];
    sha256(hash, jpeg.p, jpeg.len);
    hex_encode(hex, hash, sizeof(hash));
    say("{\"kind\":\"event\",\"id\":%ld,\"event\":\"progress\",\"data\":{\"step\":\"scanning\",\"page\":%d,"
        "\"percent\":50}}",
        id, n);
    say("{\"kind\":\"event\",\"id\":%ld,\"event\":\"page\",\"data\":{\"n\":%d,\"width\":24,\"height\":32,"
        "\"dpi\":300,"
        "\"bytes\":%zu,\"sha256\":\"%s\",\"mode\":\"gray\",\"text\":%s,\"quality\":{\"verdict\":\"%s\","
        "\"hints\":[%s]}}}",
        id, n, is("huge") ? (size_t)9000000 : jpeg.len, is("liar") ? "00" : hex, n == 3 ? "true" : "false",
        is("poor") ? "poor" : "good", is("poor") ? "\"blur\",\"skew\",\"strange\"" : "");
    size_t half = jpeg.len / 2;
    say("{\"kind\":\"event\",\"id\":%ld,\"event\":\"page_data\",\"data\":{\"n\":%d,\"offset\":0,\"b64\":\"%"
        "s\"}}",
        id, n, base64_encode(a, jpeg.p, half));
    say("{\"kind\":\"event\",\"id\":%ld,\"event\":\"page_data\",\"data\":{\"n\":%d,\"offset\":%zu,\"b64\":\"%"
        "s\"}}",
        id, n, is("gap") ? half + 1 : half, base64_encode(a, (const char *)jpeg.p + half, jpeg.len - half));
}

static void scan(long id, const char *line)
{
    int pages = strstr(line, "\"max_pages\":1,") ? 1 : 3;
    if (is("stuck")) {
        capture = id;
        return;
    }
    for (int n = 1; n <= pages; n++) {
        if (is("jam") && n == 3) {
            complete(id, "user-needed", "partial", "ADF_JAM", "{\"pages\":2}");
            return;
        }
        if (is("die") && n == 2)
            _exit(3);
        if (!strstr(line, "\"purpose\":\"id\""))
            scan_page(id, n);
    }
    complete(id, "ok", "done", "", "{\"pages\":1}");
}

static void zone(long id)
{
    if (is("jam")) {
        complete(id, "user-needed", "not-done", "MRZ_NOT_FOUND", "{}");
        return;
    }
    char identity[600], data[700];
    identity_of("", identity, sizeof(identity));
    snprintf(data, sizeof(data), "{\"format\":\"TD2\",\"identity\":%s}", identity);
    complete(id, "ok", "done", "", data);
}

static void command(const char *line)
{
    const char *verb = strstr(line, "\"verb\":\"");
    long id = strtol(strstr(line, "\"id\":") ? strstr(line, "\"id\":") + 5 : "0", NULL, 10);
    if (!verb || id < 1)
        return;
    verb += 8;
    if (strncmp(verb, "ping\"", 5) == 0) {
        state();
        return;
    }
    say("{\"kind\":\"ack\",\"id\":%ld}", id);
    if (strncmp(verb, "read\"", 5) == 0) {
        if (is("die"))
            _exit(3);
        if (strstr(line, "\"pin\":"))
            read_address(id, line);
        else if (!is("stuck"))
            read_card(id, line);
        else
            capture = id;
    } else if (strncmp(verb, "scan\"", 5) == 0)
        scan(id, line);
    else if (strncmp(verb, "mrz\"", 4) == 0)
        zone(id);
    else if (strncmp(verb, "status\"", 7) == 0)
        complete(id, "ok", "done", "", "{\"sources\":[\"flatbed\",\"feeder\"],\"feeder\":\"loaded\"}");
    else if (strncmp(verb, "print\"", 6) == 0)
        print(id);
    else if (strncmp(verb, "capture\"", 8) == 0) {
        const char *hash = strstr(line, "\"request_sha256\":\"");
        snprintf(request_hash, sizeof request_hash, "%.64s", hash ? hash + 18 : "");
        capture = id;
        say("{\"kind\":\"event\",\"id\":%ld,\"event\":\"capturing\",\"data\":{\"width\":12800,\"height\":"
            "8000}}",
            id);
    } else {
        complete(id, "ok", "done", "", "{}");
        if (strncmp(verb, "finish\"", 7) == 0 && capture)
            finish();
        if (strncmp(verb, "cancel\"", 7) == 0 && capture) {
            complete(capture, "cancelled", "not-done", "PAD_CANCEL", "{}");
            capture = 0;
        }
    }
}

/* Well-formed frames without end. */
static void flood(void)
{
    for (;;)
        state();
}

static void babble(void)
{
    char block[4096];
    memset(block, 'x', sizeof(block));
    while (fwrite(block, 1, sizeof(block), stdout) == sizeof(block))
        ;
    exit(0);
}

int main(int argc, char **argv)
{
    static char line[300000];
    mode = argc > 1 ? argv[1] : "good";
    signal(SIGPIPE, SIG_DFL);
    if (is("babble"))
        babble();
    if (is("flood"))
        flood();
    if (is("garbage"))
        for (int i = 0; i < 50; i++)
            say("{\"kind\":\"state\",\"link\":\"sideways\"}");
    if (is("deaf") || is("silent"))
        for (;;)
            pause();
    if (is("mute")) {
        fclose(stdout);
        for (;;)
            pause();
    }
    state();
    if (is("inserted"))
        say("{\"kind\":\"unsolicited\",\"event\":\"card_inserted\",\"data\":{}}");
    while (fgets(line, sizeof(line), stdin))
        command(line);
    return 0;
}
