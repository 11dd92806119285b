// Loads the modules that a page names. The page keeps its plain controls if it was opened from a
// disk, where browsers refuse modules, or if a module cannot be loaded.
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
