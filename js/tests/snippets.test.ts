import { describe, expect, it, vi } from "vitest";

import { SnippetCache } from "../src/snippets";

function snippet(row: number): { row: number; text: string; label: number; color: string } {
  return { row, text: `text ${row}`, label: 0, color: "red" };
}

describe("snippets", () => {
  it("are asked for once while the answer is on its way, and again when it is lost", () => {
    const ask = vi.fn();
    let clock = 0;
    const cache = new SnippetCache(ask, () => clock);
    cache.request(3);
    cache.request(3);
    expect(ask).toHaveBeenCalledExactlyOnceWith(3);
    clock = 60_000;
    cache.request(3);
    expect(ask).toHaveBeenCalledTimes(2);
  });

  it("that were looked at lately are kept, and old ones make room", () => {
    const cache = new SnippetCache(() => undefined);
    cache.receive(snippet(0));
    cache.receive(snippet(1));
    for (let row = 2; row < 1000; row++) {
      cache.get(0);
      cache.receive(snippet(row));
    }
    expect(cache.get(0)?.text).toBe("text 0");
    expect(cache.get(1)).toBeUndefined();
  });

  it("are forgotten when labels change", () => {
    const cache = new SnippetCache(() => undefined);
    cache.receive(snippet(0));
    cache.clear();
    expect(cache.get(0)).toBeUndefined();
  });
});
