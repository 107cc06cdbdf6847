#!/usr/bin/env bash
# The newcomer's command itself: ./pridvor demo --once, first with the virtual card, then with a card simulator of another
# process in the reader. Looks at what it leaves behind, and that nothing stays behind.
set -euo pipefail
cd "${PRIDVOR_SOURCE:-$(dirname "$0")/../..}"
build=${PRIDVOR_BUILD:-$PWD/build/release}
export PRIDVOR_VAR=$build/house-demo PRIDVOR_PORTS=18480 PRIDVOR_BUILT=1
rm -rf "$PRIDVOR_VAR"

check() { # check ACCESS DOCUMENT
    node -e '
        const fs = require("fs");
        const s = JSON.parse(fs.readFileSync(process.argv[1] + "/demo/summary.json"));
        const pdf = fs.readFileSync(process.argv[1] + "/demo/paper-1.pdf");
        const hash = require("crypto").createHash("sha256").update(pdf).digest("hex");
        const want = {access: process.argv[2], document_number: process.argv[3]};
        const ok = [s.card.access === want.access, s.card.document_number === want.document_number,
            /^([A-Z]+ )?\d+\/\d\d\.\d\d\.\d{4}$/.test(s.register_number), s.receipt.proof === "L2", s.signature.samples > 50,
            s.signature.strokes > 0, s.steps.length === 9, s.receipt.qr_text.startsWith("http"),
            /^[0-9a-f-]{36}$/.test(s.request_id), !!s.registered_at, !!s.institution, !!s.service,
            fs.readFileSync(s.receipt.png).length > 5000, s.papers.length === 1, s.papers[0].field === "file.mandate",
            s.papers[0].pages === 2, s.papers[0].bytes === pdf.length, s.papers[0].sha256 === hash,
            s.desk_steps.filter((step) => step.name !== "pictures").length === 8, s.answer.state === "issued", fs.existsSync(s.answer.email),
            require("crypto").createHash("sha256").update(fs.readFileSync(s.answer.pdf)).digest("hex") === s.answer.sha256,
            fs.readFileSync(process.argv[1] + "/demo/status.html", "utf8").includes(s.register_number),
            !fs.existsSync("/usr/bin/chromium") || [[1080, 1920], [1440, 900], [1440, 900], [780, 1688]].every(([w, h], i) => {
                const png = fs.readFileSync(s.pictures[i]);
                return png.readUInt32BE(16) === w && png.readUInt32BE(20) === h && png.length > 20000;
            })];
        if (ok.includes(false)) { console.error("summary.json:", ok.indexOf(false), JSON.stringify(s)); process.exit(1); }
    ' "$PRIDVOR_VAR" "$1" "$2"
    qpdf --check "$PRIDVOR_VAR/demo/paper-1.pdf" >/dev/null
    qpdf --check "$PRIDVOR_VAR/demo/answer.pdf" >/dev/null
    [ "$(pdfinfo "$PRIDVOR_VAR/demo/paper-1.pdf" | awk '/^Pages:/ {print $2}')" = 2 ]
}

./pridvor demo --once
check PACE XX204815
"$build/tests/vcard" 127.0.0.1 18489 tests/devices/cards/B.json &
card=$!
PRIDVOR_CAN=654321 ./pridvor demo --once --card vpcd:18489
check PACE XX739026
wait "$card" || true
"$build/tests/vcard" 127.0.0.1 18489 tests/devices/cards/C.json &
card=$!
PRIDVOR_MRZ=XX105533,510627,310214 ./pridvor demo --once --card vpcd:18489
check BAC XX105533
wait "$card" || true
if ./pridvor status | grep -v stopped; then echo "something still runs"; exit 1; fi
echo "demo: three requests, nothing left running"
