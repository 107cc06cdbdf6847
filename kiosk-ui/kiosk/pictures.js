// Pictures that show what to do with the hands. Colours are classes; movement is CSS and only where it is
// welcome.
import {html} from "../shared/html.js";

const chip = (x, y) => html`<path class="d-chip" d=${`M${x}
  ${y + 10}q0-10 10-10h64q10 0 10 10v48q0 10-10 10h-64q-10 0-10-10z`} />
  <path class="d-chip-line" d=${`M${x} ${y + 24}h26v20h-26M${x + 84} ${y + 24}h-26v20h26M${x + 42}
    ${y}v24M${x + 42} ${y + 44}v24`} />`;

// The reader from the front, its light on, and the card sliding in chip first.
export function CardInsert({label}) {
  return html`<svg class="draw insert" viewBox="0 0 800 440" role="img" aria-label=${label}>
    <g class="d-slide">
      <rect class="d-card" x="236" y="150" width="328" height="250" rx="20" />
      <path class="d-band" d="M236 338h328v42q0 20-20 20h-288q-20 0-20-20z" />
      ${chip(358, 172)}
      <path class="d-line" d="M270 290h150M270 314h90" />
    </g>
    <path class="d-reader" d="M120 34q0-24 24-24h512q24 0 24 24v106h-80v-14H200v14h-80z" />
    <rect class="d-slot" x="200" y="116" width="400" height="26" rx="13" />
    <rect class="d-led" x="330" y="52" width="140" height="20" rx="10" />
    <path class="d-arrow" d="M690 390V236M650 280l40-46l40 46M110 390V236M70 280l40-46l40 46" />
  </svg>`;
}

// The front of the card: where the six digits stand.
export function CardFront({label}) {
  return html`<svg class="draw front" viewBox="0 0 800 400" role="img" aria-label=${label}>
    <rect class="d-card" x="110" y="16" width="580" height="366" rx="28" />
    <path class="d-band" d="M110 44q0-28 28-28h524q28 0 28 28v40H110z" />
    <path class="d-onband" d="M146 50h150M520 50h130" />
    <rect class="d-photo" x="146" y="112" width="150" height="190" rx="12" />
    <path class="d-head" d="M221 140a38 38 0 1 0 .1 0zM160 302c0-92 122-92 122 0z" />
    <path class="d-line" d="M330 128h210M330 166h260M330 204h170M330 242h230M146 336h190" />
    <text class="d-can" x="553" y="342" text-anchor="middle" aria-hidden="true">123456</text>
    <path class="d-ring" d="M424 330c0-62 258-62 258 0s-258 62-258 0z" />
  </svg>`;
}

// Sheets into the feeder: the written side up, upper edge first.
export function Feeder({label, moving}) {
  return html`<svg class=${moving ? "draw feeder go" : "draw feeder"} viewBox="0 0 800 400" role="img" aria-label=${label}>
    <g class="d-feed"><path class="d-sheet" d="M270 20h260v190H270z" />
      <path class="d-line" d="M304 60h120M304 92h190M304 124h190M304 156h150" /></g>
    <path class="d-reader" d="M150 196q0-22 22-22h456q22 0 22 22v60H150z" />
    <rect class="d-slot" x="240" y="190" width="320" height="18" rx="9" />
    <path class="d-base" d="M110 256h580q26 0 26 26v66q0 26-26 26H110q-26 0-26-26v-66q0-26 26-26z" />
    <rect class="d-led" x="590" y="300" width="70" height="18" rx="9" />
    <path class="d-arrow" d="M620 40v96M590 106l30 32l30-32M180 40v96M150 106l30 32l30-32" />
  </svg>`;
}

// The glass from above: the written side down, into the corner with the mark. card: an identity card on it.
export function Flatbed({label, card}) {
  return html`<svg class="draw flatbed" viewBox="0 0 800 400" role="img" aria-label=${label}>
    <path class="d-lid" d="M120 60L190 6h520l-40 54z" />
    <path class="d-base" d="M96 60h600q22 0 22 22v276q0 22-22 22H96q-22 0-22-22V82q0-22 22-22z" />
    <path class="d-plate" d="M112 92h568v254H112z" />
    <path class="d-mark" d="M112 92h54l-54 54z" />
    ${card ? html`<g class="d-lay"><path class="d-sheet" d="M136 116h214v134H136z" />
        <path class="d-line" d="M156 206h174M156 226h174" /></g>`
      : html`<g class="d-lay"><path class="d-sheet" d="M136 112h300v214H136z" />
        <path class="d-fold" d="M386 326l50-50v50z" /></g>`}
    <path class="d-arrow" d="M620 300L500 214M552 214h-52v52" />
  </svg>`;
}

export function PadPicture({label}) {
  return html`<svg class="draw pad-pic" viewBox="0 0 800 380" role="img" aria-label=${label}>
    <path class="d-reader" d="M110 70q4-28 32-28h516q28 0 32 28l26 222q4 38-34 38H118q-38 0-34-38z" />
    <path class="d-glass" d="M160 88h480l22 178H138z" />
    <path class="d-rule" d="M190 228h420" />
    <path class="d-ink" d="M214 214c30-90 66-96 58-40c-6 40-34 52-20 20c18-42 44-30 40 0
      c-2 22 20 8 34-14c16-26 34-8 24 16
      c-8 20 18 14 34-12c20-32 44-20 30 8c-8 18 24 10 48-18" />
    <g class="d-pen-move"><path class="d-pen" d="M452 178l18 6L640 10l-22-20zM452 178l6-24l12 30z" /></g>
  </svg>`;
}

export function Seal({provisional}) {
  return html`<svg class=${provisional ? "seal prov" : "seal"} viewBox="0 0 120 120" aria-hidden="true"
    focusable="false">
    <path class="seal-rim" d=${Array.from({length: 16}, (_, i) => {
      const at = (k, r) => `${(60 + r * Math.cos((k * Math.PI) / 16)).toFixed(1)}
        ${(60 + r * Math.sin((k * Math.PI) / 16)).toFixed(1)}`;
      return `${i ? "L" : "M"}${at(2 * i, 58)}L${at(2 * i + 1, 51)}`;
    }).join("") + "z"} />
    <path class="seal-mark" d=${provisional ? "M60 32v30l20 14" : "M36 62l17 17l32-36"} />
  </svg>`;
}
