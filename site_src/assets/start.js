// Starts the modules a page names. Browsers refuse modules opened from a disk, and there the
// page keeps its plain controls.
(() => {
  "use strict";
  const { src, dataset } = document.currentScript;
  if (location.protocol === "file:") return;
  for (const name of dataset.modules.split(" ")) import(new URL(name, src));
})();
