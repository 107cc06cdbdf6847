#include "backend/registry.h"

static const struct tr words[SW_COUNT] = {
    [SW_TITLE] = {{"Starea cererii", "A kérelem állása", "Status of a request"}},
    [SW_INTRO] = {{"Aflați unde este cererea dumneavoastră. Aveți nevoie de bonul primit.",
                   "Nézze meg, hol tart a kérelme. Szüksége lesz a kapott bizonylatra.",
                   "See where your request is. You need the receipt you received."}},
    [SW_CODE] = {{"Codul de pe bon", "A bizonylaton lévő kód", "Code on the receipt"}},
    [SW_CODE_HELP] = {{"10 litere și cifre.", "10 betű és számjegy.", "10 letters and digits."}},
    [SW_PIN] = {{"Codul PIN", "PIN-kód", "PIN"}},
    [SW_PIN_HELP] = {{"4 cifre, pe același bon.", "4 számjegy, ugyanazon a bizonylaton.",
                      "4 digits, on the same receipt."}},
    [SW_SHOW] = {{"Arată cererea", "Kérelem megtekintése", "Show my request"}},
    [SW_WRONG] = {{"Codul și PIN-ul nu se potrivesc. Verificați-le pe bon.",
                   "A kód és a PIN nem egyezik. Ellenőrizze a bizonylaton.",
                   "The code and the PIN do not match. Check them on the receipt."}},
    [SW_LEFT] = {{"Încercări rămase în această oră: {n}.", "Ebben az órában hátralévő próbálkozások: {n}.",
                  "Tries left this hour: {n}."}},
    [SW_LOCKED] = {{"Prea multe încercări greșite. Încercați din nou după ora {time}.",
                    "Túl sok hibás próbálkozás. Próbálja újra {time} után.",
                    "Too many wrong tries. Try again after {time}."}},
    [SW_LATER] =
        {{"Registrul nu răspunde acum. Cererea este în siguranță. Încercați din nou peste câteva minute.",
          "Az iktató most nem válaszol. A kérelme biztonságban van. Próbálja újra néhány perc múlva.",
          "The register does not answer now. Your request is safe. Try again in a few minutes."}},
    [SW_FORM_BAD] = {{"Scrieți codul de 10 semne și PIN-ul de 4 cifre.",
                      "Írja be a 10 jelből álló kódot és a 4 számjegyű PIN-t.",
                      "Type the code of 10 characters and the PIN of 4 digits."}},
    [SW_REGISTERED] = {{"Cererea este înregistrată", "A kérelmet iktattuk", "The request is registered"}},
    [SW_STATE] = {{"Înregistrată", "Iktatva", "Registered"}},
    [SW_NUMBER] = {{"Număr", "Iktatószám", "Number"}},
    [SW_DATE] = {{"Data înregistrării", "Iktatás napja", "Registered on"}},
    [SW_FILED] = {{"Data depunerii", "Benyújtás napja", "Filed on"}},
    [SW_SERVICE] = {{"Cererea", "Kérelem", "Request"}},
    [SW_INSTITUTION] = {{"Instituția", "Intézmény", "Institution"}},
    [SW_NEXT] = {{"Ce urmează", "Mi következik", "What comes next"}},
    [SW_NOW] = {{"Acum", "Most", "Now"}},
    [SW_UNTIL] = {{"Răspuns până la {due}", "Válasz legkésőbb: {due}", "Answer by {due}"}},
    [SW_HELP] = {{"Aveți nevoie de ajutor? Întrebați la ghișeu și arătați numărul.",
                  "Segítségre van szüksége? Kérdezzen az ügyfélablaknál, és mondja meg az iktatószámot.",
                  "Do you need help? Ask at the counter and show the number."}},
    [SW_PRIVACY] = {{"Pagina nu folosește cookie-uri și nu arată date personale.",
                     "Az oldal nem használ sütiket, és nem mutat személyes adatot.",
                     "This page uses no cookies and shows no personal data."}},
    [SW_AGAIN] = {{"Altă cerere", "Másik kérelem", "Another request"}},
    [SW_LANGS] = {{"Limba", "Nyelv", "Language"}},
};

const char *status_text(enum status_word w, enum lang lang)
{
    return tr_get(&words[w], lang);
}
