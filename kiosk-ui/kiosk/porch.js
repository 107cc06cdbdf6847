// The picture of the start page: a porch (pridvor) of a house in the Transylvanian hills, at breakfast light.
// Drawn from a few numbers: posts, arches, shingles, balusters, flowers. Colours are classes, so that the
// contrast mode can change them.
import {html} from "../shared/html.js";

const range = (n) => Array.from({length: n}, (_, i) => i);

// Four carved posts stand at these x; between them two arches and, in the middle, the way in.
const posts = [150, 396, 684, 930];
const top = 330;
const floor = 742;

const arch = (a, b) => `M${a} ${top + 130}h12V${top + 96}Q${a + 20} ${top + 28} ${(a + b) / 2} ${top + 18}` +
  `Q${b - 20} ${top + 28} ${b - 12} ${top + 96}V${top + 130}h12V${top}H${a}z`;

function Post({x}) {
  return html`<g>
    <path class="p-wood" d=${`M${x - 26} ${top + 6}h52l-14 40h-24zM${x - 15}
      ${top + 40}h30l-4 62h-22zM${x - 11} ${top + 100}h22v${floor - top - 190}h-22zM${x - 17}
      ${floor - 90}h34v90h-34z`} />
    <path class="p-wood" d=${range(3).map((i) => `M${x} ${top + 170 + i * 46}l20 23l-20 23l-20-23z`).join("")}
      />
    <path class="p-carve" d=${range(3).map((i) => `M${x}
      ${top + 181 + i * 46}l10 12l-10 12l-10-12z`).join("") +
      `M${x - 12} ${floor - 76}h24v6h-24zM${x - 12} ${floor - 62}h24v6h-24z`} />
  </g>`;
}

function Rail({from, to}) {
  const n = Math.floor((to - from - 44) / 26);
  const step = (to - from - 44) / n;
  const at = range(n).map((i) => from + 22 + step * (i + 0.5));
  return html`<g>
    <path class="p-wood" d=${`M${from + 14} 622h${to - from - 28}v16h${from - to + 28}zM${from + 14}
      716h${to - from - 28}v14h${from - to + 28}z`} />
    <path class="p-wood light" d=${at.map((x) => `M${x - 5} 638h10l4 26l-4 26v26h-10v-26l-4-26z`).join("")} />
  </g>`;
}

function Flowers({x, y, n = 7}) {
  const at = range(n).map((i) => [x + i * 19 + (i % 2) * 5, y - 14 - ((i * 37) % 23)]);
  return html`<g>
    <path class="p-leaf" d=${at.map(([a, b]) => `M${a} ${y + 4}q-16-8-6-26q6-6 14 2q12 12-4 26z`).join("")} />
    <path class="p-bloom" d=${at.map(([a, b]) => `M${a - 9} ${b}a9 9 0 1 0 18 0a9 9 0 1 0-18 0`).join("")} />
    <path class="p-pot" d=${`M${x - 18} ${y}h${n * 19 + 22}l-8 28h${-(n * 19 + 6)}z`} />
  </g>`;
}

function Window({x}) {
  return html`<g>
    <path class="p-frame" d=${`M${x} 440h104v138h-104z`} />
    <path class="p-glass" d=${`M${x + 10} 450h38v54h-38zM${x + 56} 450h38v54h-38zM${x + 10}
      512h38v56h-38zM${x + 56} 512h38v56h-38z`} />
    <path class="p-cloth" d=${`M${x + 10} 450h38q-2 40-38 48zM${x + 94} 450h-38q2 40 38 48z`} />
    <${Flowers} x=${x + 6} y=${588} n=${5} />
  </g>`;
}

const roof = "M540 96L1046 318H34z";
const shingles = range(8).map((r) => {
  const y = 122 + r * 26;
  const half = (y - 96) * 2.28 - 8;
  return range(Math.floor((half * 2) / 34)).map((i) => `M${(540 - half + 6 + i * 34).toFixed(0)}
    ${y}q16 17 32 0`).join("");
}).join("");

const beam = range(31).map((i) => `M${66 + i * 31} 322l15.500 12l15.500-12z`).join("");

export function Porch({label}) {
  return html`<svg class="porch" viewBox="0 -70 1080 940" role="img" aria-label=${label}
    preserveAspectRatio="xMidYMax meet">
    <path class="p-sky" d="M-600-400H1680V880H-600z" />
    <path class="p-sun" d="M760 250a96 96 0 1 0 192 0a96 96 0 1 0-192 0" />
    <path class="p-hill far" d="M-600 420Q-300 220-60 330T330 250T700 300T1120 210T1680 400V880H-600z" />
    <path class="p-hill near" d="M-600 560Q-240 400 60 480T620 430T1160 450T1680 500V880H-600z" />
    <path class="p-tree" d=${[[-40, 520, 1], [26, 545, 0.8], [1060, 520, 1.1], [1124, 550, 0.8], [-190, 540,
      1], [1260, 540, 1]]
      .map(([x, y, s]) => `M${x} ${y}l${-46 * s}
        ${110 * s}h${34 * s}v${60 * s}h${24 * s}v${-60 * s}h${34 * s}z`).join("")} />
    <path class="p-ground" d="M-600 770Q540 712 1680 770V880H-600z" />
    <path class="p-wall" d="M96 318h888v424H96z" />
    <path class="p-base" d="M96 660h888v82H96z" />
    <${Window} x=${222} /><${Window} x=${754} />
    <path class="p-frame" d="M462 446q78-44 156 0v296h-156z" />
    <path class="p-light" d="M476 456q64-34 128 0v286h-128z" />
    <path class="p-floor" d="M476 742l34-70h62l32 70z" />
    <path class="p-door" d="M476 456q20-11 42-14v262l-42 38z" />
    <path class="p-panel" d="M484 478l24-7v86l-24 10zM484 588l24-10v86l-24 22z" />
    <path class="p-carve" d="M513 584a4 4 0 1 0 .1 0z" />
    ${[[0, 1], [1, 2], [2, 3]].map(([a, b]) => html`<path key=${a} class="p-beam" d=${arch(posts[a],
      posts[b])} />`)}
    <${Rail} from=${posts[0]} to=${posts[1]} /><${Rail} from=${posts[2]} to=${posts[3]} />
    ${posts.map((x) => html`<${Post} key=${x} x=${x} />`)}
    <path class="p-roof" d=${roof} /><path class="p-shingle" d=${shingles} />
    <path class="p-ridge" d="M540 74l-16 26h32zM526 92L22 314l10 16L540 110l508 222l10-16L554 92z" />
    <path class="p-wood" d="M52 316h976v24H52z" /><path class="p-carve" d=${beam} />
    <path class="p-stone" d="M96 742h888v26H96z" />
    <path class="p-stone one" d="M388 768h304v28H388z" /><path class="p-stone two" d="M356 796h368v30H356z" />
    <path class="p-stone three" d="M324 826h432v32H324z" />
    <${Flowers} x=${196} y=${744} n=${6} /><${Flowers} x=${770} y=${744} n=${6} />
    <${Flowers} x=${236} y=${826} n=${3} /><${Flowers} x=${792} y=${826} n=${3} />
  </svg>`;
}
