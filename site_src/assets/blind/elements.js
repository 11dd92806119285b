// Creates and finds elements. Strings are set as text, never as HTML.

/**
 * Return the element inside `root` with this `data-part`.
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
 * Create a radio button of a group, with its label.
 *
 * @param {string} group
 * @param {string} value  Also the text of the label.
 * @param {() => void} chosen
 * @returns {HTMLLabelElement}
 */
export function radio(group, value, chosen) {
  const input = element("input", "");
  Object.assign(input, { type: "radio", name: group, value });
  input.addEventListener("change", chosen);
  return element("label", "", input, element("span", "", value));
}
