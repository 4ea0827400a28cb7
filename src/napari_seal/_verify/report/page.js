"use strict";
// The rows lie in blocks of JSON; only those of one page of the table are elements.
// Text goes into the page as text (textContent), never as HTML: it is from strangers' files.
(() => {
  const PAGE = 100;
  const PRINTED = 2000;
  const NONE = [];
  const [PATH, OUTCOME, REASONS, MORE, PICTURE, SIGNATURE, SIGNER] = [0, 1, 2, 3, 4, 5, 6];
  const [CODE, MESSAGE, EXPECTED, FOUND] = [0, 1, 2, 3];

  const byId = (id) => document.getElementById(id);
  const outcomes = JSON.parse(byId("outcomes").textContent); // word, tone, sign, gravity
  const rows = [];
  for (const block of document.querySelectorAll("script.rows")) {
    for (const row of JSON.parse(block.textContent)) {
      rows.push(typeof row === "string" ? [row, 0, NONE, 0, 0, "", ""] : row);
    }
    block.remove(); // its text would stay in memory
  }

  const table = byId("files");
  const body = table.tBodies[0];
  const search = byId("search");
  const filters = [...document.querySelectorAll("button.filter")];
  const sorters = [...table.querySelectorAll("thead button")];
  const turners = [...document.querySelectorAll("button[data-turn]")];
  const wanted = new Set();
  let shown = rows;
  let first = 0;
  let column = 0;
  let descending = false;

  // ---------------------------------------------------------------- which rows, in which order

  const KEYS = [
    (row) => outcomes[row[OUTCOME]][3],
    (row) => row[PATH],
    (row) => (row[REASONS].length ? row[REASONS][0][MESSAGE] : ""),
  ];

  function matches(row, needle) {
    return (
      row[PATH].toLowerCase().includes(needle) ||
      outcomes[row[OUTCOME]][0].includes(needle) ||
      row[SIGNATURE].includes(needle) ||
      row[SIGNER].toLowerCase().includes(needle) ||
      row[REASONS].some((reason) => reason.some((text) => text.toLowerCase().includes(needle)))
    );
  }

  function select() {
    const needle = search.value.trim().toLowerCase();
    const key = KEYS[column];
    const sign = descending ? -1 : 1;
    shown = rows.filter(
      (row) => (!wanted.size || wanted.has(row[OUTCOME])) && (!needle || matches(row, needle)),
    );
    shown.sort((a, b) => {
      const [x, y] = [key(a), key(b)];
      return x < y ? -sign : x > y ? sign : 0;
    });
    show(0);
  }

  // ---------------------------------------------------------------- rows as elements

  function element(name, text, className) {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    if (className) made.className = className;
    return made;
  }

  function item(reason) {
    const made = element("li", reason[MESSAGE] + " ");
    made.append(element("code", reason[CODE]));
    for (const [name, index] of [["expected", EXPECTED], ["found", FOUND]]) {
      if (reason[index]) {
        made.append(element("br"), element("small", name + " "));
        made.append(element("span", reason[index], "path"));
      }
    }
    return made;
  }

  function why(row) {
    const cell = element("td");
    const drawing = row[PICTURE] && byId("picture-" + row[PICTURE]).querySelector("svg.now");
    if (drawing) {
      const link = element("a");
      link.href = "#picture-" + row[PICTURE];
      link.setAttribute("aria-label", "Picture " + row[PICTURE]);
      link.append(drawing.cloneNode(true));
      cell.append(link);
    }
    const reasons = row[REASONS];
    if (reasons.length === 1 && !reasons[0][EXPECTED] && !reasons[0][FOUND]) {
      cell.append(...item(reasons[0]).childNodes);
    } else if (reasons.length) {
      const more = reasons.length + row[MORE] - 1;
      const details = element("details");
      const list = element("ul");
      list.append(...reasons.map(item));
      if (row[MORE]) list.append(element("li", "… and " + row[MORE].toLocaleString("en") + " more"));
      details.append(element("summary", more ? `Details, and ${more} more` : "Details"), list);
      cell.append(reasons[0][MESSAGE], details);
    }
    if (row[SIGNATURE]) {
      const by = row[SIGNER] ? ` (${row[SIGNER]})` : "";
      cell.append(element("small", ` signature: ${row[SIGNATURE]}${by}`));
    }
    return cell;
  }

  function line(row) {
    const [word, tone, sign] = outcomes[row[OUTCOME]];
    const made = element("tr");
    const name = element("th", row[PATH], "path");
    name.scope = "row";
    made.append(element("td", sign + " " + word, tone), name, why(row));
    return made;
  }

  function show(from, count = PAGE) {
    first = from;
    const last = Math.min(first + count, shown.length);
    body.replaceChildren(...shown.slice(first, last).map(line));
    const [a, b, c, d] = [first + 1, last, shown.length, rows.length].map((n) =>
      n.toLocaleString("en"),
    );
    byId("status").textContent = shown.length
      ? `${a} to ${b} of ${c}` + (shown.length < rows.length ? ` (filtered from ${d})` : "")
      : `none of ${d} fits the filter`;
    for (const button of turners) {
      const back = ["first", "previous"].includes(button.dataset.turn);
      button.disabled = back ? first === 0 : last === shown.length;
    }
  }

  // ---------------------------------------------------------------- what the reader does

  function press() {
    for (const button of filters) {
      const outcome = button.dataset.outcome;
      const pressed = outcome === "" ? !wanted.size : wanted.has(Number(outcome));
      button.setAttribute("aria-pressed", String(pressed));
    }
  }

  for (const button of filters) {
    button.disabled = false;
    button.addEventListener("click", () => {
      const outcome = button.dataset.outcome;
      if (outcome === "") wanted.clear();
      else if (!wanted.delete(Number(outcome))) wanted.add(Number(outcome));
      press();
      select();
    });
  }

  sorters.forEach((button, index) => {
    button.addEventListener("click", () => {
      descending = column === index && !descending;
      column = index;
      sorters.forEach((other, number) => {
        const state = descending ? "descending" : "ascending";
        other.parentElement.setAttribute("aria-sort", number === column ? state : "none");
      });
      select();
    });
  });

  for (const button of turners) {
    button.addEventListener("click", () => {
      const end = Math.max(0, Math.floor((shown.length - 1) / PAGE) * PAGE);
      const turn = { first: 0, previous: first - PAGE, next: first + PAGE, last: end };
      show(Math.min(Math.max(turn[button.dataset.turn], 0), end));
      byId("tools").parentElement.scrollIntoView();
    });
  }

  let waiting;
  search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(select, 150);
  });

  // On paper nobody turns pages.
  let before = 0;
  addEventListener("beforeprint", () => {
    before = first;
    show(0, PRINTED);
  });
  addEventListener("afterprint", () => show(before));

  byId("tools").hidden = table.hidden = false;
  press();
  select();
})();
