import { describe, expect, it } from "vitest";
import { partsOf } from "../src/text";

describe("partsOf", () => {
  it("leaves short texts whole", () => {
    expect(partsOf("")).toEqual([""]);
    expect(partsOf("a line\nand another")).toEqual(["a line\nand another"]);
  });

  it("loses nothing, and keeps every part short", () => {
    const texts = ["word ".repeat(200_000), "x".repeat(100_000), `${"line ".repeat(30)}\n`.repeat(1_000)];
    for (const text of texts) {
      const parts = partsOf(text);
      expect(parts.join("")).toBe(text);
      expect(Math.max(...parts.map((part) => part.length))).toBeLessThanOrEqual(12_000);
    }
  });

  it("ends parts with a line, or else with a word", () => {
    const lines = partsOf(`${"some words ".repeat(15)}\n`.repeat(1_000));
    expect(lines.slice(0, -1).every((part) => part.endsWith("\n"))).toBe(true);
    const words = partsOf("word ".repeat(20_000));
    expect(words.slice(0, -1).every((part) => part.endsWith("word "))).toBe(true);
  });

  it("never cuts between the halves of a character", () => {
    for (const shift of ["", "x"]) {
      const parts = partsOf(shift + "\u{1F600}".repeat(20_000));
      expect(parts.length).toBeGreaterThan(2);
      expect(parts.every((part) => !/^[\uDC00-\uDFFF]/.test(part))).toBe(true);
    }
  });
});
