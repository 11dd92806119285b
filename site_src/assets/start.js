// Starts the modules a page names. Browsers refuse modules opened from a disk, and there the page
// keeps its plain controls; so it does where a module cannot be had.
(() => {
  "use strict";
  const { src, dataset } = document.currentScript;
  if (location.protocol === "file:") return;
  for (const name of dataset.modules.split(" ")) {
    import(new URL(name, src)).catch((error) => {
      document.documentElement.classList.remove("st-served");
      throw error;
    });
  }
})();
