// Runs inside the page. Each returns a list of sentences; an empty list is good.
// limits: {target, font, lower (a share of the height above which nothing may be touched, or 0)}
export function measure(limits) {
  const bad = [];
  const width = innerWidth;
  const height = innerHeight;
  const flows = getComputedStyle(document.body).overflowY !== "hidden"; // a phone's page may scroll
  const dialog = [...document.querySelectorAll("dialog[open]")].pop();
  const scope = dialog || document.body;
  const label = (el) => (el.getAttribute("aria-label") || el.textContent || el.value || "").trim().slice(0, 40);
  const name = (el) => `${el.tagName.toLowerCase()}.${String(el.className).split(" ").join(".")} "${label(el)}"`;
  const seen = (el) => {
    const r = el.getBoundingClientRect();
    const s = getComputedStyle(el);
    return r.width > 1 && r.height > 1 && s.visibility !== "hidden" && s.display !== "none" ? r : null;
  };
  if (document.documentElement.scrollWidth > width) {
    bad.push(`page is ${document.documentElement.scrollWidth} wide`);
  }
  if (!flows && document.documentElement.scrollHeight > height + 1) bad.push("the page overflows below");
  const controls = [...scope.querySelectorAll("button, input:not(.sr), textarea, label.option, a")];
  let target = Infinity;
  for (const el of controls) {
    const r = seen(el);
    if (!r) continue;
    if (!el.matches(".jump")) target = Math.min(target, r.width, r.height);
    if (Math.min(r.width, r.height) < limits.target - 0.5 && !el.matches(".jump")) {
      bad.push(`target ${Math.round(r.width)} x ${Math.round(r.height)}: ${name(el)}`);
    }
    if (el.scrollWidth > el.clientWidth + 1 && !el.matches("input, textarea")) {
      bad.push(`text runs out: ${name(el)}`);
    }
    if (r.left < -0.5 || r.right > width + 0.5) bad.push(`outside left or right: ${name(el)}`);
    const view = el.closest(".scroll-view");
    const pages = view && view.dataset.over
      && view.parentNode.querySelectorAll(".scroll-keys button").length === 2;
    const box = view ? view.getBoundingClientRect() : {top: 0, bottom: height};
    const inside = r.top >= box.top - 1 && r.bottom <= box.bottom + 1;
    if (!inside && !pages && !flows && !dialog) bad.push(`cannot be reached: ${name(el)}`);
    const top = Math.max(r.top, box.top);
    if (limits.lower && !el.matches(".jump") && r.bottom > box.top + 4 && top < height * limits.lower - 1) {
      bad.push(`too high for the lower mode, at ${Math.round(top)}: ${name(el)}`);
    }
  }
  for (const el of document.querySelectorAll("h1, .lead, .bar, .actions, .kb")) {
    const r = seen(el);
    if (r && !flows && (r.top < -1 || r.bottom > height + 1)) bad.push(`cut off: ${name(el)}`);
  }
  for (const el of scope.querySelectorAll(".card, .notice")) {
    if (seen(el) && el.scrollHeight > el.clientHeight + 1) bad.push(`text runs out below: ${name(el)}`);
  }
  const typed = document.activeElement;
  if (!flows && typed.matches("input, textarea") && typed.closest(".scroll-view")) {
    const r = typed.getBoundingClientRect();
    const box = typed.closest(".scroll-view").getBoundingClientRect();
    if (r.top < box.top - 1 || r.bottom > box.bottom + 1) bad.push(`typed into, but not seen: ${name(typed)}`);
  }
  let font = Infinity;
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const el = node.parentElement;
    if (!node.data.trim() || el.closest("svg, .sr, script") || !seen(el)) continue;
    const size = parseFloat(getComputedStyle(el).fontSize);
    font = Math.min(font, size);
    if (size < limits.font - 0.01) bad.push(`text of ${size} px: "${node.data.trim().slice(0, 40)}"`);
  }
  return {bad: [...new Set(bad)], target, font};
}

export async function axe() {
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
  const result = await globalThis.axe.run(document, {runOnly: tags, resultTypes: ["violations"]});
  return result.violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.map((n) => n.target.join(" ")).slice(0,
    3).join(" | ")}`);
}
