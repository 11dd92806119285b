// As in text.js, which a page from a disk could not load.
const _ = (text) => globalThis.stTexts?.[text] ?? text;

// A formula that is wider than its box scrolls, so the keyboard must reach it in every browser. A
// formula that fits takes no focus.
const fit = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    if (target.scrollWidth > target.clientWidth) {
      target.tabIndex = 0;
      target.setAttribute("role", "group");
      target.setAttribute("aria-label", _("Formula"));
    } else {
      for (const name of ["tabindex", "role", "aria-label"]) target.removeAttribute(name);
    }
  }
});
for (const box of document.querySelectorAll(".st-formula")) fit.observe(box);
