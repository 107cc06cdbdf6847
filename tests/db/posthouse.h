/* A real mail server and a real SMS gateway of Debian on loopback, in a folder of their own. As root the mail
 * server is Exim, which needs root to listen; as another user aiosmtpd. The gateway is Kannel with its fake
 * SMS centre. */
#ifndef PRIDVOR_TEST_POSTHOUSE_H
#define PRIDVOR_TEST_POSTHOUSE_H

#include <stdbool.h>
#include <sys/types.h>

struct posthouse {
    char dir[120];
    int mail_port, sms_port, core_port, box_port, centre_port;
    pid_t mail, core, box, centre; /* heads of their process groups; 0: down */
    bool exim;
};

/* False: one of the programs is not installed. */
bool posthouse_make(struct posthouse *p, bool sms);
void posthouse_mail_start(struct posthouse *p); /* and wait until it listens */
void posthouse_sms_start(struct posthouse *p);  /* what of it is down */
void posthouse_kill(pid_t *pid);                /* SIGKILL to the whole group */
void posthouse_free(struct posthouse *p);
/* "smtp" and "sms" members for registry.conf, with a comma in front. */
const char *posthouse_conf(const struct posthouse *p, int report_port);
/* What arrived: calls fn with each mail's bytes, or each line of the SMS centre. */
unsigned posthouse_mails(const struct posthouse *p, void (*fn)(const char *text, void *user), void *user);
unsigned posthouse_texts(const struct posthouse *p, void (*fn)(const char *line, void *user), void *user);

#endif
