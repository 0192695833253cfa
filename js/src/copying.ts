/** Copying texts: one of them, or the whole list, which Python holds. */

import { copyText } from "./clipboard";
import type { Context } from "./context";
import { count, counted } from "./dom";
import { parseCopied } from "./listing/protocol";
import type { Copied } from "./listing/protocol";
import type { Row } from "./protocol";
import { isCut } from "./text";

export class Copying {
  private readonly context: Context;
  /** Request of the copy that is on its way, or -1. */
  private awaited = -1;

  constructor(context: Context) {
    this.context = context;
    context.link.on("copied", parseCopied, (copied) => {
      if (copied.request !== this.awaited) return;
      this.awaited = -1;
      this.copy(copied.text, copied);
    });
  }

  /** Copy a text; `all` says how many texts it is of, where it is of several. */
  copy(text: string, all: Copied | null = null): void {
    const { context } = this;
    void copyText(text, context.root).then((isDone) => {
      const what = all === null ? "Text" : counted(all.nCopied, "text");
      const part = all && all.nCopied < all.nListed ? ` of ${count(all.nListed)}; ex.selection holds them all` : "";
      context.tell(isDone ? `${what} copied${part}` : "The browser does not allow copying here");
    });
  }

  /** Copy the text of a row, which the list may hold a part of only. */
  copyRow({ row, text }: Row): void {
    // What is at hand is copied without asking: some browsers allow it in the very moment of the key press alone.
    if (isCut(text)) this.ask({ format: "texts", row });
    else this.copy(text);
  }

  copyAll(format: "texts" | "table"): void {
    this.ask({ format });
  }

  private ask(what: { format: "texts" | "table"; row?: number }): void {
    this.awaited = this.context.link.newRequest();
    this.context.send({ type: "copy", request: this.awaited, ...what });
  }
}
