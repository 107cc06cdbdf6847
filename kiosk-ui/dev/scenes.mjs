// Every screen of the kiosk as a named scene: scene(world) brings the stand-in into that state. Used by
// tests/ui and for looking at the pages.
const birth = "cs.birth_certificate";
const car = "complaint.abandoned_vehicle";

const service = (id) => (w) => (w.choose(id), w);
const card = (patch) => (w) => {
  w.choose(birth);
  Object.assign(w.card, patch);
};
const form = (id, field, more) => (w) => {
  w.choose(id);
  w.identity();
  more?.(w);
  w.goto(field);
};
const text = (ro, hu, en) => ({ro, hu, en});
const months = {11: "November", 12: "December"};
// As date_said() of common/model/lang.c.
export const day = (d, m) => text(`${d}.${m}.2026`, `2026. ${months[m].toLowerCase()} ${d}.`, `${d} ${months[m]} 2026`);
const said = (w, t) => t[w.lang];
const filled = (w) => {
  w.identity();
  Object.assign(w.answers, {"who.address": "Turda, str. Mihai Viteazul 3, ap. 7", "who.phone": "+40740123456",
    "delivery.how": "pickup",
    "consent.data_read": "true", "lang.answer": "ro", "act.who": "self", "act.birth_place": "Câmpia Turzii",
      reason: "lost", format: "both", abroad: "no"});
};
const review = (w) => {
  w.choose(birth);
  filled(w);
  w.step = "review";
};
const sign = (patch) => (w) => {
  review(w);
  w.step = "sign";
  Object.assign(w.sign, patch);
};
const done = (phase, provisional, more) => (w) => {
  review(w);
  w.finish(phase, provisional);
  Object.assign(w.done, {date: said(w, day(22, 11)), due: said(w, day(22, 12))});
  more?.(w);
};
const corrected = (w) => Object.assign(w.done, {date: said(w, day(24, 11)), pin: "", due: said(w, day(24, 12)),
  corrected: said(w, text("Data nașterii, Numele mamei la naștere", "Születési dátum, Az anya születési neve",
    "Date of birth, Mother's name at birth")),
  due_why: text("30 de zile de la înregistrare. Cererea a așteptat corectura 2 zile, cu care termenul s-a prelungit.",
    "30 nap az iktatástól. A kérelem 2 napig várt a javításra, a határidő ennyivel meghosszabbodott.",
    "30 days from registration. The request waited 2 days for the correction, and the term moved by as much.")});
const address = (patch, present = true) => form(birth, "who.address", (w) => {
  w.card.present = present;
  w.address = {phase: "offer", ...patch};
});
const badPen = text("Tableta s-a deconectat. Încercați din nou sau semnați la ghișeu.",
  "A tábla kapcsolata megszakadt. Próbálja újra, vagy írja alá az ügyfélablaknál.",
  "The pad was disconnected. Try again or sign at the counter.");
const badCard = text("Cardul a fost scos prea devreme. Introduceți-l din nou și lăsați-l acolo.",
  "Az igazolványt túl korán vették ki. Tegye vissza, és hagyja bent.",
  "The card was taken out too early. Insert it again and leave it there.");
const badCan = text("Numărul nu se potrivește cu cardul.", "A szám nem egyezik a kártyával.",
  "The number does not match the card.");

const papers = (patch, pages) => (w) => {
  form(birth, "act.who", (x) => (x.answers["act.who"] = "other"))(w);
  w.goto("file.mandate");
  Object.assign(w.scan, patch, {pages: pages || []});
};
const sheets = (n, more) => Array.from({length: n}, (_, i) => ({id: i + 1, turns: 0, poor: false, kept: false, hints: [],
  ...more?.[i]}));
const jam = text("O foaie s-a blocat. Scoateți-o încet; paginile scanate rămân.",
  "Egy lap elakadt. Húzza ki óvatosan; a beolvasott oldalak megmaradnak.",
  "A sheet is stuck. Pull it out gently; the scanned pages stay.");

// What the register says of a request that came back.
export const found = (w, more) => ({phase: "shown", problem: "", repairable: true, view: {
  number: "CS 15/22.11.2026", institution: w.tr(w.institution.name), state: "returned",
  service: said(w, text("Certificat de naștere", "Születési bizonyítvány", "Birth certificate")),
  says: said(w, text("Avem nevoie de o corectură de la dumneavoastră.", "Javítást kérünk Öntől.",
    "We need a correction from you.")),
  events: [
    {day: said(w, day(22, 11)), text: said(w, text("Cererea a primit număr", "A kérelem iktatószámot kapott",
      "The request got its number")), more: ""},
    {day: said(w, day(24, 11)), text: said(w, text("Un coleg lucrează la cerere.", "Egy kolléga dolgozik a kérelmen.",
      "A colleague is working on the request.")), more: ""}],
  notes: [{day: said(w, day(24, 11)), text: "Am scris la Arhivele Naționale.\nVă anunțăm când avem răspunsul."}],
  due: said(w, text("Răspuns până la 22.12.2026", "Válasz legkésőbb: 2026. december 22.",
    "Answer by 22 December 2026")),
  left: said(w, text("Zile rămase: 28", "Hátralévő napok: 28", "Days left: 28")), late: false,
  why: said(w, text("Ziua înregistrării: 22.11.2026. Legea dă 30 de zile de la înregistrare. Rezultat: 22.12.2026.",
    "Az iktatás napja: 2026. november 22. A törvény 30 napot ad. Eredmény: 2026. december 22.",
    "Registered: 22 November 2026. The law gives 30 days from registration. Result: 22 December 2026.")),
  returned: {reason: "Data nașterii nu se potrivește cu actul.",
    by: said(w, text("Trimiteți corectura până la 04.12.2026.", "A javítást eddig várjuk: 2026. december 4.",
      "Please send the correction by 4 December 2026.")), by_late: "",
    by_why: said(w, text("Corectura se cere în 10 zile.", "A javítást 10 napon belül kérjük.",
      "The correction is asked for within 10 days.")), service: birth, version: 1, fields: ["act.birth_date"]},
  ...more}});
const mine = (part) => (w) => {
  w.step = "mine";
  w.mine = {phase: "enter", problem: "", repairable: false, ...part(w)};
};

export const scenes = {
  start: (w) => { w.step = "idle"; },
  "start-trouble": (w) => {
    w.step = "idle";
    w.devices.print.public = "needs-staff";
    w.devices.register.public = "offline";
  },
  service: () => {},
  "service-trouble": (w) => {
    Object.values(w.devices).forEach((d) => (d.public = "absent"));
    w.closed[birth] = text("Serviciul revine mâine la ora 8.", "A szolgáltatás holnap 8-tól elérhető.",
      "The service is back tomorrow at 8.");
  },
  "card-insert": card({}),
  "card-absent": card({reader: "absent"}),
  "card-can": card({phase: "can", present: true}),
  "card-can-wrong": (w) => card({phase: "error", present: true, attempts: 1, error: {code: "CAN_WRONG",
    text: said(w, badCan), tries_left: 2}})(w),
  "card-mrz": card({phase: "mrz", present: true}),
  "card-reading": card({phase: "reading", present: true, progress: 46}),
  "card-ok": card({phase: "ok", present: true, progress: 100}),
  "card-error": (w) => card({phase: "error", attempts: 2, error: {code: "CARD_REMOVED", text: said(w,
    badCard), tries_left: -1}})(w),
  "form-names": form(birth, "who.last_name"),
  "form-address": form(birth, "who.address",
    (w) => (w.answers["who.address"] = "Turda, str. Mihai Viteazul 3")),
  "address-offer": address({}),
  "address-pin-wrong": address({code: "PIN_WRONG", tries: 2, attempts: 1}),
  "address-insert": address({code: "PIN_WRONG", tries: 2, attempts: 1}, false),
  "address-reading": address({phase: "reading", progress: 40, attempts: 1}),
  "address-removed": address({code: "CARD_REMOVED", attempts: 1}),
  "address-last": address({phase: "closed", code: "PIN_LAST", tries: 1, attempts: 2}),
  "address-blocked": address({phase: "closed", code: "PIN_BLOCKED", attempts: 1}),
  "address-taken": (w) => {
    address({attempts: 1})(w);
    w.pinTyped("1357");
  },
  "form-contact": form(birth, "who.phone"),
  "form-choice": form(birth, "reason"),
  "form-who": form(birth, "act.who", (w) => (w.answers["act.who"] = "self")),
  "form-date": form(birth, "act.birth_date"),
  "form-cnp": form(birth, "who.id_doc", (w) => {
    w.answers["who.cnp"] = "290010112345";
    w.goto("who.id_doc");
    w.errors["who.cnp"] = said(w, text("CNP-ul are 13 cifre. Ați scris 12.",
      "A CNP 13 számjegyű. Ön 12 számjegyet írt.", "The CNP has 13 digits. You wrote 12."));
  }),
  "form-place": form(car, "place.address"),
  "form-multi": form(car, "car.state", (w) => (w.answers["car.state"] = ["rust"])),
  "form-note": form(car, "land_private", (w) => (w.answers.land = "private")),
  "form-consent": (w) => {
    form(birth, "consent.data_read")(w);
    w.answer({});
  },
  "form-plate": form(car, "car.plate"),
  "papers": papers({loaded: true}),
  "papers-flatbed": papers({feeder: false}),
  "papers-counter": papers({chosen: true}),
  "papers-absent": papers({phase: "absent"}),
  "papers-running": papers({phase: "scanning", doing: "scanning", page: 2, percent: 60}),
  "papers-tray": papers({}, sheets(3, [{}, {turns: 1}])),
  "papers-poor": papers({}, sheets(2, [{}, {poor: true, hints: ["skew", "cut_off"]}])),
  "papers-many": papers({}, sheets(20)),
  "papers-jam": (w) => papers({phase: "error", error: {code: "ADF_JAM", text: said(w, jam)}}, sheets(2))(w),
  "card-scanning": card({phase: "scanning", progress: 40}),
  review,
  "sign-ready": sign({}),
  "sign-capturing": sign({phase: "capturing", samples: 12}),
  "sign-preparing": sign({phase: "preparing"}),
  "sign-done": sign({phase: "done", samples: 240}),
  "sign-skipped": sign({phase: "done", skipped: true}),
  "sign-absent": sign({phase: "absent"}),
  "sign-error": (w) => sign({phase: "error", error: {code: "LINK_LOST", text: said(w, badPen)}})(w),
  "mine-enter": mine(() => ({})),
  "mine-wrong": mine((w) => ({problem: said(w, text("Codul și PIN-ul nu se potrivesc. Verificați-le pe bon.",
    "A kód és a PIN nem egyezik. Ellenőrizze a bizonylaton.",
    "The code and the PIN do not match. Check them on the receipt."))})),
  "mine-asking": mine(() => ({phase: "asking"})),
  "mine-returned": mine((w) => found(w)),
  "mine-elsewhere": mine((w) => ({...found(w), repairable: false})),
  "mine-ready": mine((w) => found(w, {returned: undefined, due: undefined, state: "issued",
    says: said(w, text("Documentul este gata.", "Az okirat elkészült.", "The document is ready.")),
    ready: said(w, text("Îl luați de la: Stare civilă, Primăria Municipiului Turda. Aduceți actul de identitate.",
      "Itt veheti át: Anyakönyv, Torda Polgármesteri Hivatala. Hozza magával a személyazonossági okmányát.",
      "Collect it at: Civil status, Turda Town Hall. Bring your identity document.")),
    ready_by: said(w, text("Vă așteptăm până la 22.12.2026.", "Eddig várjuk: 2026. december 22.",
      "We keep it until 22 December 2026.")),
    ready_why: said(w, text("Documentul se păstrează la ghișeu 30 de zile.", "Az okiratot 30 napig az ügyfélablaknál őrzik.",
      "The document is kept at the counter for 30 days."))})),
  "mine-shown": mine((w) => found(w, {returned: undefined})),
  "mine-sending": mine(() => ({phase: "sending"})),
  "mine-again": mine((w) => ({phase: "sending", problem: w.words[w.lang]["mine.again"]})),
  filing: (w) => { review(w); w.step = "filing"; w.filing.phase = "sending"; },
  "filing-queued": (w) => { review(w); w.step = "filing"; w.filing.phase = "queued"; },
  done: done("printed", false),
  "done-unknown": done("unknown", false),
  "done-failed": done("failed", false, (w) => (w.done.print.text = text("Hârtia s-a terminat.",
    "Elfogyott a papír.", "The paper has run out."))),
  "done-provisional": done("printing", true, (w) => (w.card.present = true)),
  "done-corrected": done("printed", false, corrected),
  "done-corrected-number": done("absent", false, (w) => Object.assign(w.done, corrected(w), {receipt_code: "", url: "http://127.0.0.1:7082/n"})),
  "done-papers": done("printed", false, (w) => (w.done.papers = true)),
  "idle-card": (w) => { form(birth, "reason")(w); w.idle = {warn: true, left_s: 30, why: "card"}; },
  "idle-warn": (w) => { form(birth, "reason")(w); w.idle = {warn: true, left_s: 23}; },
};

export function play(world, name, lang) {
  world.reset();
  world.start(lang);
  scenes[name](world);
}
