/* An error as the page gets it: the row's words for machines, a sentence in three languages for the person.
 */
#include <string.h>

#include "backend/desk_priv.h"
#include "common/base/text.h"

struct sentence {
    enum rc rc;
    const char *code; /* NULL: any */
    const char *key;  /* NULL: the row's own */
    struct tr text;
};
/* The first that fits. */
static const struct sentence sentences[] = {
    {RC_UNAUTHENTICATED,
     "LOGIN_WRONG",
     "err.login",
     {{"Numele, parola sau codul nu este corect.", "A név, a jelszó vagy a kód nem helyes.",
       "The name, password or code is wrong."}}},
    {RC_UNAUTHENTICATED,
     "PIN_WRONG",
     "err.pin",
     {{"PIN-ul nu este corect. Încercări rămase: {n}.", "A PIN nem helyes. Hátralévő próbálkozás: {n}.",
       "The PIN is wrong. Tries left: {n}."}}},
    {RC_UNAUTHENTICATED,
     "PIN_OVER",
     "err.pin_over",
     {{"De trei ori greșit. Intrați cu parola.", "Háromszor hibás. Lépjen be a jelszavával.",
       "Wrong three times. Log in with your password."}}},
    {RC_LIMIT,
     "LOGIN_WAIT",
     "err.login_wait",
     {{"Prea multe încercări. Mai așteptați {n} s.", "Túl sok próbálkozás. Várjon még {n} mp-et.",
       "Too many attempts. Wait {n} s."}}},
    {RC_DENIED,
     "REASON_NEEDED",
     "err.reason_needed",
     {{"Dosarul este sigilat. Scrieți motivul pentru care îl deschideți.",
       "Az ügyirat zárolt. Írja be, miért nyitja meg.", "The file is sealed. Write why you open it."}}},
    {RC_UNAUTHENTICATED,
     NULL,
     "err.session",
     {{"Sesiunea s-a încheiat. Intrați din nou.", "A munkamenet véget ért. Lépjen be újra.",
       "The session has ended. Log in again."}}},
    {RC_DENIED,
     NULL,
     NULL,
     {{"Nu aveți acest drept aici.", "Itt nincs meg ez a joga.", "You do not have this right here."}}},
    {RC_NOT_FOUND,
     NULL,
     NULL,
     {{"Nu există sau nu ține de dumneavoastră.", "Nem létezik, vagy nem Önhöz tartozik.",
       "It does not exist, or is not yours to see."}}},
    {RC_CONFLICT,
     NULL,
     NULL,
     {{"Altcineva a schimbat între timp. Vedeți ce s-a schimbat.",
       "Közben más módosította. Nézze meg, mi változott.",
       "Somebody else was quicker. See what has changed."}}},
    {RC_STATE,
     NULL,
     NULL,
     {{"Acum acest pas nu se poate face.", "Ez a lépés most nem végezhető el.",
       "This step cannot be taken now."}}},
    {RC_BAD_FIELD,
     "TIFF",
     "err.file_tiff",
     {{"Acesta este un TIFF. Salvați-l ca PDF din programul scanerului și încărcați PDF-ul.",
       "Ez egy TIFF. Mentse PDF-ként a szkenner programjából, és azt töltse fel.",
       "This is a TIFF. Save it as a PDF in the scanner's program and upload that."}}},
    {RC_BAD_FIELD,
     "TYPE",
     "err.file_type",
     {{"Se primesc PDF, JPEG și PNG. Salvați documentul ca PDF și încărcați-l din nou.",
       "PDF, JPEG és PNG tölthető fel. Mentse az iratot PDF-ként, és töltse fel újra.",
       "PDF, JPEG and PNG are taken. Save the document as a PDF and upload it again."}}},
    {RC_BAD_FIELD,
     "EMPTY",
     "err.file_empty",
     {{"Fișierul este gol. Scanați din nou hârtia și încărcați fișierul nou.",
       "A fájl üres. Szkennelje be újra az iratot, és az új fájlt töltse fel.",
       "The file is empty. Scan the paper again and upload the new file."}}},
    {RC_BAD_FIELD,
     "LOCKED",
     "err.file_locked",
     {{"PDF-ul este închis cu parolă. Salvați-l fără parolă și încărcați-l din nou.",
       "A PDF jelszóval védett. Mentse jelszó nélkül, és töltse fel újra.",
       "The PDF is locked by a password. Save it without one and upload it again."}}},
    {RC_BAD_FIELD,
     "BROKEN",
     "err.file_broken",
     {{"Fișierul nu este întreg. Deschideți-l, salvați-l din nou și încărcați-l.",
       "A fájl nem ép. Nyissa meg, mentse újra, és töltse fel.",
       "The file is not whole. Open it, save it again and upload it."}}},
    {RC_BAD_FIELD,
     NULL,
     NULL,
     {{"Un câmp trebuie corectat.", "Egy mezőt javítani kell.", "A field has to be corrected."}}},
    {RC_TOO_BIG, NULL, NULL, {{"Este prea mare.", "Túl nagy.", "It is too big."}}},
    {RC_LIMIT,
     NULL,
     NULL,
     {{"Prea multe deodată. Încercați din nou.", "Túl sok egyszerre. Próbálja újra.",
       "Too much at once. Try again."}}},
    {RC_NO_SPACE,
     NULL,
     NULL,
     {{"Nu mai este loc pe server. Anunțați administratorul.",
       "Nincs több hely a szerveren. Szóljon a rendszergazdának.",
       "There is no room left on the server. Tell the administrator."}}},
    {RC_UNAVAILABLE,
     NULL,
     NULL,
     {{"Registratura nu răspunde acum. Încercați peste câteva clipe.",
       "Az iktató most nem válaszol. Próbálja pár pillanat múlva.",
       "The register does not answer now. Try again in a moment."}}},
};
static const struct tr bad = {
    {"Cererea nu a fost înțeleasă.", "A kérés nem érthető.", "The request was not understood."}};
static const struct tr trouble = {{"Ceva nu a mers la noi. Nimic nu s-a schimbat.",
                                   "Nálunk történt hiba. Semmi nem változott.",
                                   "Something went wrong on our side. Nothing was changed."}};

static const struct sentence *find(const struct err *e)
{
    for (size_t i = 0; i < COUNT(sentences); i++)
        if (sentences[i].rc == e->rc &&
            (!sentences[i].code || (e->code && strcmp(e->code, sentences[i].code) == 0)))
            return &sentences[i];
    return NULL;
}

static void filled(struct buf *out, const struct tr *t, int64_t n)
{
    ARENA_SCOPE(a);
    struct text_var vars[] = {{"n", arena_fmt(a, "%lld", (long long)n)}};
    struct tr all;

    for (int k = 0; k < LANG_COUNT; k++)
        all.t[k] = text_fill(a, t->t[k], vars, COUNT(vars));
    js_tr(out, "say", &all);
}

/* What failed inside is for the log alone. */
void desk_error(struct buf *out, const struct err *e, const struct tr *say, const char *more)
{
    const struct sentence *s = find(e);
    bool inside = rc_http(e->rc) >= 500;

    js_open(out, NULL, '{');
    js_open(out, "error", '{');
    js_str(out, "rc", rc_name(e->rc));
    js_str(out, "key", s && s->key ? s->key : rc_key(e->rc));
    js_str(out, "path", e->path);
    if (e->code)
        js_str(out, "code", e->code);
    if (e->rc == RC_LIMIT && e->detail > 0)
        js_int(out, "seconds", e->detail);
    js_str(out, "text", inside ? "" : e->text);
    js_close(out, '}');
    if (say && tr_given(say))
        js_tr(out, "say", say);
    else
        filled(out, s ? &s->text : inside ? &trouble : &bad, e->detail);
    if (more)
        buf_str(out, more);
    js_close(out, '}');
}
