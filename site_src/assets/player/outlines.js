// Scales the outlines of the tracks by their gains.

/**
 * Scale the outlines so that their heights compare as the levels of their tracks do. The higher of
 * raw and clean fills the lane.
 *
 * @param {Iterable<SVGElement>} drawings  Each has its track's name and peak as data.
 * @param {(name: string) => number} gainOf  A track's linear gain.
 */
export function drawAsHeard(drawings, gainOf) {
  const outlines = [...drawings].map((svg) => {
    const { outline: name, peak } = svg.dataset;
    const gain = gainOf(name);
    return { svg, name, gain, height: gain * peak };
  });
  const pair = outlines.filter(({ name }) => name === "raw" || name === "clean");
  const full = Math.max(...pair.map(({ height }) => height)) || 1;
  for (const { svg, gain } of outlines) svg.style.scale = `1 ${gain / full}`;
}
