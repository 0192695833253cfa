/** Finding elements and bringing styles across shadow roots: marimo shows each widget in one of its own. */

/** The nearest ancestor that matches, outside of the shadow roots that hold the element as well. */
export function closestAcross(element: Element, selector: string): Element | null {
  let at: Element | null = element;
  while (at) {
    const found: Element | null = at.closest(selector);
    if (found) return found;
    at = hostOf(at);
  }
  return null;
}

/** The first descendant that matches, inside of shadow roots as well. */
export function queryAcross(root: ParentNode, selector: string): Element | null {
  const found = root.querySelector(selector);
  if (found) return found;
  for (const shadow of shadowRootsIn(root)) {
    const inside = queryAcross(shadow, selector);
    if (inside) return inside;
  }
  return null;
}

/** The shadow roots directly below an element, those that scripts may see. */
export function shadowRootsIn(root: ParentNode): ShadowRoot[] {
  return [...root.querySelectorAll("*")].flatMap(({ shadowRoot }) => shadowRoot ?? []);
}

/** Let our styles hold where `to` is as well as where `from` is. */
export function shareStyles(from: Element, to: Element, marker: string): void {
  const [source, target] = [from.getRootNode(), to.getRootNode()];
  if (source === target || !(target instanceof ShadowRoot) || !isStyled(source)) return;
  if (target.querySelector("style[data-ce-shared]")) return;
  const texts = [...source.querySelectorAll("style")].map((style) => style.textContent);
  const adopted = [...source.adoptedStyleSheets].map((sheet) =>
    [...sheet.cssRules].map((rule) => rule.cssText).join("\n"),
  );
  const shared = document.createElement("style");
  shared.dataset.ceShared = "";
  shared.textContent = [...texts, ...adopted].filter((text) => text.includes(marker)).join("\n");
  target.append(shared);
}

/** The element that has the keyboard, in the shadow root of another one where there is one. */
export function focusedNear(element: Element): Element | null {
  const root = element.getRootNode();
  return isStyled(root) ? root.activeElement : null;
}

/** Whether the keyboard is inside an element, whatever shadow roots are around it. */
export function holdsFocus(element: Element): boolean {
  return element.contains(focusedNear(element));
}

/** Whether a part of the text around an element is marked, as it is to be copied. */
export function marksText(element: Element): boolean {
  const root = element.getRootNode();
  // Chromium tells what is marked in a shadow root at that root alone; other browsers do at the document
  const at = root instanceof ShadowRoot && "getSelection" in root ? (root as Pick<Document, "getSelection">) : document;
  return at.getSelection()?.isCollapsed === false;
}

function isStyled(node: Node): node is Document | ShadowRoot {
  return node instanceof Document || node instanceof ShadowRoot;
}

function hostOf(element: Element): Element | null {
  const root = element.getRootNode();
  return root instanceof ShadowRoot ? root.host : null;
}
