// Tables that do not fit scroll with the keyboard too, and sort by a click on a heading. Nothing else needs a script.
const reachable = () => document.querySelectorAll(".table, pre").forEach((box) => {
  if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
  else box.removeAttribute("tabindex");
});
addEventListener("resize", reachable);
document.addEventListener("toggle", reachable, true);
reachable();
document.querySelectorAll(".table > table").forEach((table) => {
  const body = table.tBodies[0];
  if (body.rows.length < 3) return;
  table.querySelectorAll("thead th").forEach((heading, place) => {
    const button = document.createElement("button");
    button.append(...heading.childNodes);
    button.title = "sort by this column";
    heading.append(button);
    button.addEventListener("click", () => {
      const down = heading.getAttribute("aria-sort") !== "descending";
      table.querySelectorAll("th[aria-sort]").forEach((other) => other.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", down ? "descending" : "ascending");
      const text = (row) => row.cells[place].textContent.trim();
      const number = (row) => parseFloat(text(row).replace(/[<>,\s]/g, "").replace("\u2212", "-"));
      const order = (a, b) => {
        const [x, y] = [number(a), number(b)];
        return isNaN(x) || isNaN(y) ? text(a).localeCompare(text(b)) : x - y;
      };
      [...body.rows].sort((a, b) => (down ? -order(a, b) : order(a, b))).forEach((row) => body.append(row));
    });
  });
});
