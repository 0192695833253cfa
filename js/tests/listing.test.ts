import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { nextSort, sorted } from "../src/clusters/order";
import { placeLabels } from "../src/labels";
import { finder, fold, looseFinder, marked } from "../src/highlight";
import { groupAt } from "../src/listing/protocol";
import type { Cluster } from "../src/protocol";

const cluster = (label: number, name: string, size: number, probability = 0.5): Cluster => ({
  label,
  name,
  color: "red",
  size,
  keywords: [],
  probability,
  at: null,
});

describe("marking words", () => {
  const textOf = (nodes: (Node | string)[]): string =>
    nodes.map((node) => (typeof node === "string" ? node : (node.textContent ?? ""))).join("");

  it("changes no text, whatever is looked for", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.array(fc.string({ unit: "binary" })), (text, terms) => {
        expect(textOf(marked(text, finder(terms)))).toBe(text);
      }),
    );
  });

  it("changes no text, whatever is looked for without accents", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.array(fc.string({ unit: "binary" })), (text, words) => {
        expect(textOf(marked(text, looseFinder(words)))).toBe(text);
      }),
    );
  });

  it("finds a word without its accents, and marks it with them", () => {
    const marks = (text: string, words: readonly string[]): (string | null)[] =>
      marked(text, looseFinder(words))
        .filter((node) => typeof node !== "string")
        .map((node) => node.textContent);
    expect(marks("Café, CAFE\u0301 and ﬁn", ["cafe", "fi"])).toEqual(["Café", "CAFE\u0301", "ﬁ"]);
    expect(marks("한국어 뉴스", ["한국"])).toEqual(["한국"]);
    expect(marks(fold("Ångström"), ["ÅNGSTRÖM"])).toEqual(["angstrom"]);
  });

  it("marks a word where it stands and no other one, where accents tell words apart", () => {
    const found = marked("resume or résumé", finder(["resume"])).filter((node) => typeof node !== "string");
    expect(found.map((node) => node.textContent)).toEqual(["resume"]);
  });

  it("finds any case and any white space, and takes signs as signs", () => {
    const found = marked("A (b+) NEW\n  york", finder(["(B+)", "new york"])).filter((node) => typeof node !== "string");
    expect(found.map((node) => node.textContent)).toEqual(["(b+)", "NEW\n  york"]);
  });
});

describe("the cluster list", () => {
  const clusters = [cluster(0, "b 10", 5, 0.9), cluster(-1, "noise", 99), cluster(1, "b 2", 7, 0.1)];

  it("sorts names as people do, and keeps noise last both ways", () => {
    const labels = (descending: boolean): number[] =>
      sorted(clusters, { key: "name", descending }).map(({ label }) => label);
    expect(labels(false)).toEqual([1, 0, -1]);
    expect(labels(true)).toEqual([0, 1, -1]);
  });

  it("begins a column of numbers with the largest, and turns round on the second click", () => {
    const first = nextSort({ key: "name", descending: false }, "probability");
    expect(sorted(clusters, first).map(({ label }) => label)).toEqual([0, 1, -1]);
    expect(nextSort(first, "probability").descending).toBe(false);
  });
});

describe("groups", () => {
  it("are found for every place", () => {
    const groups = [0, 3, 10].map((start, label) => ({ label, start }));
    const found = [0, 2, 3, 9, 10, 999].map((place) => groupAt(groups, place)?.group.label);
    expect(found).toEqual([0, 0, 1, 1, 2, 2]);
    expect(groupAt([], 5)).toBeNull();
  });
});

describe("names on the map", () => {
  it("are more of the same clusters when zoomed in, and never upon one another", () => {
    const space = {
      area: { left: 0, top: 0, width: 800, height: 600 },
      obstacles: [],
      measure: (text: string, size: number) => text.length * size * 0.6,
    };
    const shown = (zoom: number): Set<number> => {
      const places = Array.from({ length: 100 }, (_, label) => ({
        label,
        lines: ["some words", "of a name"],
        size: 100 - label,
        at: { x: 400 + zoom * 12 * ((label % 10) - 4.5), y: 300 + zoom * 10 * (Math.floor(label / 10) - 4.5) },
      }));
      const inView = places.filter(({ at }) => at.x >= 0 && at.x <= 800 && at.y >= 0 && at.y <= 600);
      return new Set(placeLabels(inView, space).map(({ label }) => label));
    };
    // a part of the map that stays in view through all steps shows more and more of its names
    const counts = [1, 2, 4, 6].map((zoom) => shown(zoom).size);
    expect([...counts].sort((a, b) => a - b)).toEqual(counts);
    expect(counts[3]).toBeGreaterThan(2 * (counts[0] ?? 0));
  });
});
