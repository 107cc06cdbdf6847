#include "common/base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"

#define LINE_MAX_BYTES 1024

static const char *program_name = "pridvor";

void log_open(const char *program)
{
    program_name = program;
}

/* A line stays one line, whatever a value holds. */
static void emit(const char *level, const char *message)
{
    char line[LINE_MAX_BYTES + 80], when[25];
    iso_utc(when, unix_ms());
    int n = snprintf(line, sizeof(line) - 1, "%s %s %s %s", when, level, program_name, message);
    size_t len = n < 0 ? 0 : (size_t)n;
    if (len > sizeof(line) - 2)
        len = sizeof(line) - 2;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7F)
            line[i] = ' ';
    line[len++] = '\n';
    /* One write: lines of several processes on one pipe stay whole (PIPE_BUF). */
    ssize_t done = write(STDERR_FILENO, line, len);
    (void)done;
}

static void emit_fmt(const char *level, const char *fmt, va_list ap) PRINTF(2, 0);
static void emit_fmt(const char *level, const char *fmt, va_list ap)
{
    char message[LINE_MAX_BYTES];
    vsnprintf(message, sizeof(message), fmt, ap);
    emit(level, message);
}

void log_info(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    emit_fmt("info", fmt, ap);
    va_end(ap);
}

void log_warn(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    emit_fmt("warn", fmt, ap);
    va_end(ap);
}

void log_error(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    emit_fmt("error", fmt, ap);
    va_end(ap);
}

/* Adds key="value" with quotes inside made harmless. */
static void add_value(char *line, size_t cap, const char *key, const char *value)
{
    size_t n = strlen(line);
    if (value == NULL || value[0] == '\0' || n + strlen(key) + 8 > cap)
        return;
    bool quote = strpbrk(value, " \"=") != NULL;
    int k = snprintf(line + n, cap - n, " %s=%s", key, quote ? "\"" : "");
    if (k < 0)
        return;
    n += (size_t)k;
    for (const char *p = value; *p != '\0' && n + 3 < cap; p++)
        line[n++] = *p == '"' ? '\'' : *p;
    if (quote)
        line[n++] = '"';
    line[n] = '\0';
}

static const char *level_of(enum rc rc)
{
    if (rc == RC_INTERNAL || rc == RC_IO || rc == RC_NO_SPACE)
        return "error";
    return rc_retry(rc) || rc == RC_DEVICE ? "warn" : "info";
}

void log_err(const struct err *e, const char *fmt, ...)
{
    char message[LINE_MAX_BYTES], number[24];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(message, sizeof(message), fmt, ap);
    va_end(ap);
    add_value(message, sizeof(message), "rc", rc_name(e->rc));
    add_value(message, sizeof(message), "code", e->code);
    if (e->detail != 0) {
        snprintf(number, sizeof(number), "%lld", (long long)e->detail);
        add_value(message, sizeof(message), "detail", number);
    }
    add_value(message, sizeof(message), "path", e->path);
    add_value(message, sizeof(message), "text", e->text);
    emit(level_of(e->rc), message);
}
