// What makes a mail wider than the screen of a phone.

// Runs in the page. One table that is too wide widens every table around it and everything in them. Told are only the
// outermost elements that do not fit however narrow they are made. Tables for layout are looked into, as they are as
// wide as what they hold; tables of data are told as a whole.
export function findOverflow(screen) {
  const page = document.scrollingElement;
  if (page.scrollWidth <= screen) return [];

  const culprits = tooWide(document.body, screen);
  if (!culprits.length) culprits.push({ element: document.body, by: page.scrollWidth - screen });
  return culprits.map(({ element, by }) => ({
    where: nameOf(element),
    message: `${by} px too wide for a screen of ${screen} px, where the mail is ${page.scrollWidth} px wide`,
  }));

  // `limit` is how far to the right the children of an element may reach: its padding must fit on the screen as well.
  function tooWide(element, limit) {
    const { paddingRight, borderRightWidth } = getComputedStyle(element);
    const inner = limit - parseFloat(paddingRight) - parseFloat(borderRightWidth);
    return [...element.children].flatMap((child) => {
      const within = isLayout(child) ? tooWide(child, inner) : [];
      if (within.length || child.matches("thead, tbody, tfoot, tr")) return within;
      const by = reach(child) - Math.floor(inner);
      return by > 0 ? [{ element: child, by }] : [];
    });
  }

  function isLayout(element) {
    if (!element.matches("table, thead, tbody, tfoot, tr, td, th")) return element.matches("div, center");
    return element.closest("table").getAttribute("role") === "presentation";
  }

  // How far to the right an element reaches if it is made as narrow as what it holds allows. A cell has its width from
  // its table, and its place from the cells before it: there it is what it holds that is measured, from the left edge.
  function reach(element) {
    const cell = element.matches("td, th");
    const measured = cell ? document.createElement("div") : element;
    const { cssText } = element.style;
    if (cell) {
      measured.append(...element.childNodes);
      element.append(measured);
    }
    measured.style.setProperty("width", "min-content", "important");
    const { left, width } = measured.getBoundingClientRect();
    if (cell) measured.replaceWith(...measured.childNodes);
    else element.style.cssText = cssText;
    return Math.ceil(cell ? width : left + width);
  }

  function nameOf(element) {
    const tag = element.tagName.toLowerCase() + [...element.classList].map((name) => `.${name}`).join("");
    const text = (element.getAttribute("alt") ?? element.textContent).trim().replace(/\s+/g, " ");
    return `<${tag}> "${text.slice(0, 40)}"`;
  }
}
