/* E-mail as bytes: RFC 5322, 2045 (quoted-printable), 2047 (words in headers), 3834 (Auto-Submitted). */
#include <string.h>
#include <time.h>

#include "backend/outbox_priv.h"
#include "common/base/text.h"

enum { QP_LINE = 76, WORD_BYTES = 42, LOCAL_MAX = 64, ADDRESS_MAX = 254 };

bool mail_address_valid(const char *s)
{
    static const char extra[] = "!#$%&'*+/=?^_`{|}~-.";
    const char *at = strchr(s, '@');
    size_t len = strlen(s);

    if (!at || at == s || !at[1] || strchr(at + 1, '@') || len > ADDRESS_MAX || at - s > LOCAL_MAX)
        return false;
    for (const char *p = s; *p; p++) {
        bool plain = (*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z');
        if (p != at && !plain && !(p < at ? strchr(extra, *p) != NULL : *p == '.' || *p == '-'))
            return false;
        if (*p == '.' && (p == s || p == at + 1 || p[1] == '.' || p[1] == '@' || !p[1]))
            return false;
    }
    return at[1] != '-' && s[len - 1] != '-';
}

/* ASCII as it is, anything else as words of whole characters, each at most 75 long. Control characters cannot
 * come here (outbox_text.c), and would be encoded. */
static void header_text(struct buf *out, const char *s)
{
    bool plain = strstr(s, "=?") == NULL && strlen(s) <= WORD_BYTES;
    ARENA_SCOPE(a);

    for (const char *p = s; *p; p++)
        plain = plain && *p >= ' ' && *p < 127;
    if (plain) {
        buf_str(out, s);
        return;
    }
    for (const char *p = s; *p;) {
        size_t n = utf8_cut(p, WORD_BYTES);
        if (n == 0)
            break;
        buf_fmt(out, "%s=?UTF-8?B?%s?=", p == s ? "" : "\r\n ", base64_encode(a, p, n));
        p += n;
    }
}

/* A display name: words when it is not plain, in quotes otherwise. */
static void display_name(struct buf *out, const char *s)
{
    bool plain = strlen(s) <= WORD_BYTES;
    for (const char *p = s; *p; p++)
        plain = plain && *p >= ' ' && *p < 127 && *p != '"' && *p != '\\';
    if (plain && !strstr(s, "=?"))
        buf_fmt(out, "\"%s\"", s);
    else
        header_text(out, s);
}

static void date_header(struct buf *out, int64_t ms)
{
    static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t t = (time_t)(ms / 1000);
    struct tm tm;

    gmtime_r(&t, &tm);
    buf_fmt(out, "Date: %s, %02d %s %04d %02d:%02d:%02d +0000\r\n", days[tm.tm_wday], tm.tm_mday,
            months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/* Quoted-printable. A dot at the start of a line is written =2E, so SMTP needs no stuffing. */
static void quoted(struct buf *out, const char *s)
{
    size_t col = 0;

    for (; *s; s++) {
        uint8_t c = (uint8_t)*s;
        if (c == '\r' && s[1] == '\n')
            continue;
        if (c == '\n') {
            buf_str(out, "\r\n");
            col = 0;
            continue;
        }
        bool last = s[1] == 0 || s[1] == '\n' || s[1] == '\r';
        bool raw = (c > ' ' && c < 127 && c != '=' && !(c == '.' && col == 0)) || (c == ' ' && !last);
        size_t need = raw ? 1 : 3;
        if (col + need > QP_LINE - 1) {
            buf_str(out, "=\r\n");
            col = 0;
            raw = raw && c != '.';
            need = raw ? 1 : 3;
        }
        if (raw)
            buf_chr(out, (char)c);
        else
            buf_fmt(out, "=%02X", c);
        col += need;
    }
    if (col)
        buf_str(out, "\r\n");
}

void mail_write(struct buf *out, const struct mail *m)
{
    date_header(out, m->at_ms);
    buf_str(out, "From: ");
    if (m->from_name && *m->from_name) {
        display_name(out, m->from_name);
        buf_str(out, "\r\n ");
    }
    buf_fmt(out, "<%s>\r\nTo: <%s>\r\nMessage-ID: <%s>\r\nSubject: ", m->from, m->to, m->message_id);
    header_text(out, m->subject);
    buf_fmt(out,
            "\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
            "Content-Transfer-Encoding: quoted-printable\r\nContent-Language: %s\r\n"
            "Auto-Submitted: auto-generated\r\n\r\n",
            lang_codes[m->lang]);
    quoted(out, m->body);
}
