import { beforeEach, describe, expect, it } from "vitest";

import { PAGE_SIZE, PageCache } from "../src/pages";
import type { PageRequest } from "../src/pages";
import type { PageMessage, Row } from "../src/protocol";

let sent: PageRequest[];
let arrived: [number, number][];
let clock: number;
let cache: PageCache;

function row(number: number, text = `text ${number}`): Row {
  return {
    row: number,
    id: String(number),
    text,
    label: 0,
    color: "red",
    probability: 1,
    starred: false,
    score: NaN,
    at: { x: 0, y: 0, z: 0 },
  };
}

/** The answer to a request; the row at index i of the selection is row `first + i`. */
function answer(request: PageRequest, first = 0, text?: string): PageMessage {
  const { start, stop } = request;
  const rows = Array.from({ length: stop - start }, (_, offset) => row(first + start + offset, text));
  return { type: "page", request: request.request, revision: request.revision, start, rows };
}

function last(): PageRequest {
  const request = sent.at(-1);
  if (!request) throw new Error("Nothing was asked for");
  return request;
}

beforeEach(() => {
  sent = [];
  arrived = [];
  clock = 0;
  let request = 0;
  cache = new PageCache({
    newRequest: () => ++request,
    send: (page) => sent.push(page),
    onRows: (start, stop) => arrived.push([start, stop]),
    now: () => clock,
  });
  cache.reset(1, 1000);
});

describe("asking for pages", () => {
  it("asks for the page in view and the next one in the direction of scrolling", () => {
    cache.need(100, 110, 1);
    expect(sent.map(({ start, stop }) => [start, stop])).toEqual([
      [100, 150],
      [150, 200],
    ]);
    cache.need(60, 70, -1);
    expect(sent.slice(2).map(({ start }) => start)).toEqual([50, 0]);
  });

  it("asks for no row twice, and for none behind the last", () => {
    cache.need(990, 1000);
    cache.need(991, 1000);
    expect(sent).toHaveLength(1);
    expect(last()).toMatchObject({ start: 950, stop: 1000, revision: 1 });
  });

  it("holds back while the scroll bar is dragged, and then asks for where it stopped", () => {
    for (let start = 0; start < 900; start += 100) cache.need(start, start + 10);
    expect(sent).toHaveLength(4);
    for (const request of [...sent]) cache.receive(answer(request));
    expect(sent.map(({ start }) => start)).toContain(800);
    expect(sent.map(({ start }) => start)).not.toContain(400);
  });

  it("asks again for an answer that was lost or failed", () => {
    cache.need(0, 10);
    cache.fail(sent[0]?.request ?? -1);
    cache.need(0, 10);
    expect(sent.filter(({ start }) => start === 0)).toHaveLength(2);
    clock = 60_000;
    cache.need(0, 10);
    expect(sent.filter(({ start }) => start === 0)).toHaveLength(3);
  });
});

describe("answers", () => {
  it("are there for the list, by place and by row", () => {
    cache.need(0, 10);
    cache.receive(answer(last(), 7000));
    expect(arrived).toEqual([[50, 100]]);
    expect(cache.at(60)?.row).toBe(7060);
    expect(cache.find(7060)).toBe(60);
    expect(cache.at(0)).toBeUndefined();
  });

  it("to the selection before are dropped", () => {
    cache.need(0, 10);
    const old = sent[0];
    cache.reset(2, 1000);
    if (old) cache.receive(answer(old));
    expect(cache.at(0)).toBeUndefined();
    expect(arrived).toEqual([]);
  });

  it("that come before their selection are kept for it", () => {
    cache.receive(answer({ request: -1, revision: 2, start: 0, stop: PAGE_SIZE }, 300));
    expect(cache.at(0)).toBeUndefined();
    cache.reset(2, 80);
    expect(cache.at(0)?.row).toBe(300);
    cache.need(0, 10);
    expect(sent.map(({ start }) => start)).toEqual([50]);
  });

  it("are shown until newer ones come, after a re-clustering", () => {
    cache.need(0, 10);
    for (const request of [...sent]) cache.receive(answer(request, 0, "old"));
    cache.markStale();
    expect(cache.at(0)?.text).toBe("old");
    cache.need(0, 10);
    cache.receive(answer(last(), 100));
    cache.receive(answer({ ...last(), start: 0, stop: PAGE_SIZE }, 0, "new"));
    expect(cache.at(0)?.text).toBe("new");
  });

  it("in another order leave no row at its old place", () => {
    cache.receive(answer({ request: 1, revision: 1, start: 0, stop: 50 }, 0));
    cache.receive(answer({ request: 2, revision: 1, start: 50, stop: 100 }, -50));
    cache.receive(answer({ request: 3, revision: 1, start: 0, stop: 50 }, 500));
    expect(cache.find(0)).toBe(50);
    expect(cache.find(500)).toBe(0);
  });

  it("are not all kept for ever", () => {
    cache.reset(2, 1_000_000);
    for (let start = 0; start < 400 * PAGE_SIZE; start += PAGE_SIZE) {
      cache.receive(answer({ request: start, revision: 2, start, stop: start + PAGE_SIZE }));
    }
    expect(cache.at(0)).toBeUndefined();
    expect(cache.find(0)).toBeUndefined();
    expect(cache.at(399 * PAGE_SIZE)).toBeDefined();
  });
});
