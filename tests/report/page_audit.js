// What the browser's tests ask of a page, in one object: contrast of its texts, what takes the focus, names, captions.
globalThis.audit = {
  // [red, green, blue, alpha], 0 to 1, of any computed colour.
  colour(text) {
    const numbers = text.match(/-?[\d.]+(e-?\d+)?/g).map(Number);
    const scale = text.startsWith("color(") ? 1 : 255;
    return [...numbers.slice(0, 3).map((each) => each / scale), numbers[3] ?? 1];
  },
  over(front, back) {
    return [0, 1, 2].map((k) => front[k] * front[3] + back[k] * (1 - front[3])).concat(1);
  },
  luminance(colour) {
    const [r, g, b] = colour.map((each) => (each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; // WCAG 2.2, relative luminance
  },
  ratio(a, b) {
    const [high, low] = [audit.luminance(a), audit.luminance(b)].sort((x, y) => y - x);
    return (high + 0.05) / (low + 0.05);
  },
  background(element) {
    const chain = [];
    for (let each = element; each; each = each.parentElement) chain.unshift(each);
    return chain.reduce((back, each) => audit.over(audit.colour(getComputedStyle(each).backgroundColor), back), [1, 1, 1, 1]);
  },
  opacity(element) {
    let product = 1;
    for (let each = element; each; each = each.parentElement) product *= Number(getComputedStyle(each).opacity);
    return product;
  },
  texts() {
    const all = [...document.querySelectorAll("body *")].filter((each) => !each.closest("svg, script, [hidden]"));
    return all.filter((each) => [...each.childNodes].some((node) => node.nodeType === 3 && node.data.trim()));
  },
  // Texts of less than so much contrast with what lies below them: "what: ratio".
  faint(least) {
    const found = {};
    for (const each of audit.texts()) {
      const back = audit.background(each);
      const ink = audit.colour(getComputedStyle(each).color);
      ink[3] *= audit.opacity(each);
      const ratio = audit.ratio(audit.over(ink, back), back);
      const name = `${each.tagName}.${each.className} in ${each.parentElement.tagName}.${each.parentElement.className}`;
      if (ratio < least) found[name] = Math.min(found[name] ?? 99, Math.round(100 * ratio) / 100);
    }
    return found;
  },
  // The same of the texts in figures: their ink on the page, or on the tile that lies below them.
  faintDrawn(least) {
    const found = {};
    for (const each of document.querySelectorAll(".drawing text")) {
      each.scrollIntoView({ block: "center", inline: "center", behavior: "instant" });
      const box = each.getBoundingClientRect();
      const below = document.elementsFromPoint(box.left + box.width / 2, box.top + box.height / 2);
      const tile = below.find((one) => one.tagName === "path" && /^rgb/.test(getComputedStyle(one).fill));
      const page = audit.background(each.closest(".drawing"));
      const back = tile ? audit.over(audit.colour(getComputedStyle(tile).fill), page) : page;
      const ratio = audit.ratio(audit.over(audit.colour(getComputedStyle(each).fill), back), back);
      if (ratio < least) found[`${each.textContent} in ${each.closest("figure").id}`] = Math.round(100 * ratio) / 100;
    }
    return found;
  },
  // What has no words for those who do not see it.
  wordless() {
    const nameless = [...document.querySelectorAll("button, input, a, summary, [role=group], [role=img]")].filter(
      (each) => !(each.getAttribute("aria-label") || each.textContent.trim() || each.closest("label")?.textContent.trim()),
    );
    const tables = [...document.querySelectorAll("table")].filter(
      (table) => !table.caption?.textContent.trim() || table.querySelector("thead th:not([scope=col]), tbody th:not([scope=row]), tbody tr > td:first-child"),
    );
    const drawings = [...document.querySelectorAll("svg")].filter((svg) => !svg.closest("[role=img][aria-label]"));
    const hover = document.querySelectorAll("body [title], svg title");
    return [...nameless, ...tables, ...drawings, ...hover].map((each) => each.outerHTML.slice(0, 80));
  },
  // What a person should reach with Tab, as the page stands: each once, in order.
  reachable() {
    const all = document.querySelectorAll("a[href], button, input, summary, [tabindex='0']");
    return [...all].filter((each) => each.checkVisibility({ visibilityProperty: true }) && !each.disabled);
  },
  number() {
    audit.reachable().forEach((each, place) => (each.dataset.place = place));
    return audit.reachable().length;
  },
  // Whether any part of it lies in the window, uncovered: sampled on a grid of points.
  seen(element, box) {
    const parts = [0.02, 0.25, 0.5, 0.75, 0.98];
    return parts.some((down) => parts.some((right) => {
      const top = document.elementFromPoint(box.left + right * box.width, box.top + down * box.height);
      return top !== null && (element.contains(top) || (top.contains(element) && !top.matches("nav, tbody th")));
    }));
  },
  // Of what has the focus: its place, whether its outline shows against what it lies on, whether it is seen at all.
  focused() {
    const element = document.activeElement;
    if (element === document.body || element === null) return null;
    const style = getComputedStyle(element);
    const outline = audit.colour(style.outlineColor);
    const back = audit.background(element.parentElement);
    const box = element.getBoundingClientRect();
    return {
      place: Number(element.dataset.place),
      name: `${element.tagName}.${element.className} ${element.textContent.trim().slice(0, 30)}`,
      outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
      contrast: Math.round(100 * audit.ratio(audit.over(outline, back), back)) / 100,
      seen: audit.seen(element, box),
    };
  },
};
