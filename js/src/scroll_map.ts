/** Scrolling through more content than a browser can make an element tall: browsers stop at 16 to 33 million pixels. */

/** Tallest element we make. */
const TALLEST = 8_000_000;
/** At both ends the element follows the content pixel by pixel, so that the ends are reached without a jump. */
const EXACT_ENDS = 1_000_000;

export class ScrollMap {
  /** Height of the content that is scrolled through. */
  readonly contentHeight: number;
  /** Height to give the element. */
  readonly elementHeight: number;
  private readonly viewport: number;

  constructor(contentHeight: number, viewport: number) {
    this.contentHeight = contentHeight;
    this.elementHeight = Math.min(contentHeight, TALLEST);
    this.viewport = viewport;
  }

  get isCompressed(): boolean {
    return this.elementHeight < this.contentHeight;
  }

  get contentEnd(): number {
    return Math.max(0, this.contentHeight - this.viewport);
  }

  /** Content position at the top of the viewport when the element is scrolled to `scrollTop`. */
  toContent(scrollTop: number): number {
    return mapMiddle(scrollTop, this.elementEnd, this.contentEnd);
  }

  /** Where to scroll the element to, for a content position to be at the top of the viewport. */
  toElement(contentTop: number): number {
    return mapMiddle(contentTop, this.contentEnd, this.elementEnd);
  }

  /**
   * Content position after the element was scrolled from one place to another.
   *
   * A short way (wheel, touch, arrow) moves the content as far as the element. A long way was a drag of the scroll bar, or a jump,
   * and means a share of the whole.
   */
  follow(contentTop: number, scrollFrom: number, scrollTo: number): number {
    if (!this.isCompressed) return clamp(scrollTo, this.contentEnd);
    if (scrollTo <= 0) return 0;
    if (scrollTo >= this.elementEnd) return this.contentEnd;
    const moved = scrollTo - scrollFrom;
    return Math.abs(moved) <= 2 * this.viewport ? clamp(contentTop + moved, this.contentEnd) : this.toContent(scrollTo);
  }

  private get elementEnd(): number {
    return Math.max(0, this.elementHeight - this.viewport);
  }
}

/** Map 0..fromEnd onto 0..toEnd: one to one near both ends, stretched or shrunk between. */
function mapMiddle(position: number, fromEnd: number, toEnd: number): number {
  const at = clamp(position, fromEnd);
  if (fromEnd === toEnd || at <= EXACT_ENDS) return Math.min(at, toEnd);
  if (at >= fromEnd - EXACT_ENDS) return toEnd - (fromEnd - at);
  const share = (at - EXACT_ENDS) / (fromEnd - 2 * EXACT_ENDS);
  return EXACT_ENDS + share * (toEnd - 2 * EXACT_ENDS);
}

function clamp(value: number, end: number): number {
  return Math.min(end, Math.max(0, value));
}
