// Small pieces of page. Texts are set as text, never as HTML.

/**
 * The part of that name inside `root`.
 *
 * @param {ParentNode} root
 * @param {string} name
 * @returns {HTMLElement}
 */
export function part(root, name) {
  return root.querySelector(`[data-part="${name}"]`);
}

/**
 * @param {string} tag
 * @param {string} style  Its class; may be empty.
 * @param {...(string | Node)} content
 * @returns {HTMLElement}
 */
export function element(tag, style, ...content) {
  const made = document.createElement(tag);
  if (style) made.className = style;
  made.append(...content);
  return made;
}

/**
 * @param {string} text
 * @param {() => void} pressed
 * @returns {HTMLButtonElement}
 */
export function button(text, pressed) {
  const made = element("button", "st-button", text);
  made.type = "button";
  made.addEventListener("click", pressed);
  return made;
}

/**
 * One of a group of radio buttons, with its label.
 *
 * @param {string} group
 * @param {string} value  Also what the label says.
 * @param {() => void} chosen
 * @returns {HTMLLabelElement}
 */
export function radio(group, value, chosen) {
  const input = element("input", "");
  Object.assign(input, { type: "radio", name: group, value });
  input.addEventListener("change", chosen);
  return element("label", "", input, element("span", "", value));
}
