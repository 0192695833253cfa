import { beforeEach, describe, expect, it, vi } from "vitest";

import widget from "../src/panel";
import { describeThreshold, summarize } from "../src/understand/duplicates_view";
import { percent } from "../src/understand/parts";
import { parseAbout, parseDuplicates, parseEstimate } from "../src/understand/protocol";
import { outcomeOf, sentences } from "../src/understand/titles_view";
import { FakeModel, rowMessage } from "./fake_model";
import { find, layOut, withPage } from "./page";

withPage();

const hostile = `<img src=x onerror="window.hacked = true">`;
const clusters = [
  { label: 0, name: "harbour strike", color: "red", size: 60, x: 0, y: 0 },
  { label: 1, name: "comet", color: "green", size: 40, x: 5, y: 5 },
];
const idle = { available: true, state: "idle", fraction: 0, n_titles: 0, n_failed: 0, message: "" };
let model: FakeModel;

beforeEach(() => {
  model = new FakeModel();
  model.update({ clusters, metadata_reading: { state: "unread", fraction: 0, problem: "" }, titling: idle });
  const el = document.createElement("div");
  document.body.append(el);
  widget.render({ model: model.asModel, el });
  layOut();
});

function select(parts: { label: number; count: number }[], revision = 1): void {
  const count = parts.reduce((sum, part) => sum + part.count, 0);
  model.update({ selection: { revision, kind: "cluster", count, clusters: parts, outline: null } });
}

function press(text: string, root: ParentNode = document): void {
  const found = [...root.querySelectorAll("button")].find(
    (each) => each.textContent === text && each.closest("[hidden]") === null,
  );
  if (!found) throw new Error(`No button says ${text}`);
  found.click();
}

function view(name: string): HTMLElement {
  return find(`[aria-label="${name}"]`);
}

const contrast = { field: "", value: "strike", inside: 30, outside: 2, share_inside: 0.5, share_outside: 0.05 };
const about = {
  type: "about",
  revision: 1,
  cluster: {
    label: 0,
    size: 60,
    probability: 0.91,
    keywords: ["harbour", hostile],
    central: [rowMessage(4, "The harbour is closed")],
    border: [{ ...rowMessage(5, "A comet over the harbour"), toward: 1, leaving: 0.62 }],
    shares: [
      {
        field: "section",
        others: 3,
        missing: 2,
        values: [{ value: hostile, count: 30, share: 0.5, share_overall: 0.1 }],
      },
    ],
  },
  n_rows: 60,
  n_others: 40,
  n_read: 60,
  n_others_read: 40,
  terms: [contrast],
  metadata: [{ ...contrast, field: "section", value: "World" }],
};

describe("about the selection", () => {
  it("offers a cluster's description when exactly one cluster is selected, and an explanation otherwise", () => {
    select([{ label: 0, count: 60 }]);
    press("About this cluster");
    expect(model.lastSent("about")).toEqual({ type: "about", revision: 1 });
    select([{ label: 0, count: 59 }], 2);
    expect(model.lastSent("about")).toEqual({ type: "about", revision: 2 });
    press("‹ Back", view("About the selection"));
    press("What sets these apart");
  });

  it("shows keywords, central and border texts, metadata and what sets it apart, all of it as text", () => {
    select([{ label: 0, count: 60 }]);
    press("About this cluster");
    model.reply(about);
    const shown = view("About the selection");
    expect(shown.querySelector("img")).toBeNull();
    expect([...shown.querySelectorAll(".ce-keywords li")].map((item) => item.textContent)).toEqual([
      "harbour",
      hostile,
    ]);
    expect(find(".ce-about-cluster", shown).textContent).toContain("60 texts, mean probability 0.91");
    const [central, border] = [...shown.querySelectorAll(".ce-passage")];
    expect(central?.textContent).toBe("The harbour is closed");
    expect(border?.textContent).toContain("62% toward  comet");
    const [metadata, apart] = [...shown.querySelectorAll("table")];
    expect(metadata?.querySelector("caption")?.textContent).toBe("section");
    expect(metadata?.textContent).toContain("50%10%");
    expect(shown.textContent).toContain("3 other values, 2 texts without");
    expect([...(apart?.querySelectorAll("tbody th") ?? [])].map((cell) => cell.textContent)).toEqual([
      "strike",
      "section: World",
    ]);
  });

  it("opens a text that is read about, and points at it on the map", () => {
    select([{ label: 0, count: 60 }]);
    press("About this cluster");
    model.reply(about);
    find(".ce-passage").click();
    expect(model.lastSent("inspect")).toMatchObject({ type: "inspect", row: 4 });
  });

  it("asks for the metadata when it is first opened, shows how far that is, and can stop it", () => {
    select([{ label: 0, count: 60 }]);
    press("About this cluster");
    expect(model.lastSent("read_metadata")).toEqual({ type: "read_metadata" });
    model.update({ metadata_reading: { state: "reading", fraction: 0.4, problem: "" } });
    model.reply({ ...about, cluster: { ...about.cluster, shares: null }, metadata: null });
    const shown = view("About the selection");
    expect(find("progress", shown)).toHaveProperty("value", 0.4);
    press("Cancel", shown);
    expect(model.lastSent("cancel_metadata")).toEqual({ type: "cancel_metadata" });
    model.sent.length = 0;
    model.update({ metadata_reading: { state: "read", fraction: 0, problem: "" } });
    expect(model.lastSent("about")).toEqual({ type: "about", revision: 1 });
  });

  it("keeps the keyboard on the button that stops the reading, and that begins it again", () => {
    select([{ label: 0, count: 60 }]);
    press("About this cluster");
    model.reply({ ...about, metadata: null });
    const said = (): string => document.activeElement?.textContent ?? "";
    const reading = [...view("About the selection").querySelectorAll("button")].find(
      ({ textContent }) => textContent === "Read metadata",
    );
    reading?.focus();
    model.update({ metadata_reading: { state: "reading", fraction: 0, problem: "" } });
    expect(said()).toBe("Cancel");
    model.reply({ ...about, metadata: null });
    expect(said()).toBe("Cancel");
    model.update({ metadata_reading: { state: "failed", fraction: 0, problem: "It went away." } });
    expect(said()).toBe("Read metadata");
    model.update({ metadata_reading: { state: "read", fraction: 0, problem: "" } });
    expect(view("Description").contains(document.activeElement)).toBe(true);
  });

  it("says why metadata cannot be read, and offers to try again", () => {
    select([{ label: 0, count: 60 }]);
    press("About this cluster");
    model.update({ metadata_reading: { state: "failed", fraction: 0, problem: "The server went away." } });
    model.reply(about);
    expect(view("About the selection").textContent).toContain("The server went away.");
    model.sent.length = 0;
    press("Read metadata");
    expect(model.lastSent("read_metadata")).toEqual({ type: "read_metadata" });
  });

  it("passes over an answer about another selection", () => {
    select([{ label: 0, count: 60 }], 7);
    press("About this cluster");
    model.reply(about);
    expect(view("About the selection").textContent).toContain("Looking");
  });

  it("does not stand under another selection, nor when that one cannot be described", () => {
    select([{ label: 0, count: 60 }]);
    press("About this cluster");
    model.reply(about);
    select([{ label: 0, count: 12 }], 2);
    const shown = view("About the selection");
    expect(shown.textContent).not.toContain("harbour");
    expect(shown.textContent).toContain("Looking");
    model.reply({ type: "error", of: "about", message: "The server went away." });
    expect(find(".ce-view-body", shown).textContent).toBe("The server went away.");
  });

  it("says with how many texts it was compared, and in how many of a large collection words were counted", () => {
    select([{ label: 0, count: 60 }]);
    press("About this cluster");
    model.reply(about);
    const shown = view("About the selection");
    expect(shown.textContent).toContain("Compared with the other 40 texts by Fisher’s exact test");
    expect(shown.textContent).not.toContain("Words were counted");
    model.reply({ ...about, n_others: 900_000, n_others_read: 20_000 });
    expect(shown.textContent).toContain("Words were counted in these 60 texts and in 20,000 of the other 900,000.");
    model.reply({ ...about, n_rows: 5_000, n_read: 2_000 });
    expect(shown.textContent).toContain("Words were counted in 2,000 of these 5,000 texts and in all others.");
  });

  it("says so when nothing sets the selection apart", () => {
    select([{ label: 0, count: 30 }]);
    press("What sets these apart");
    model.reply({ ...about, cluster: null, terms: [], metadata: [] });
    expect(view("About the selection").textContent).toContain("No word or value is clearly more frequent");
    model.reply({ ...about, cluster: null, n_others: 0 });
    expect(view("About the selection").textContent).toContain("nothing to compare them with");
  });
});

const duplicates = {
  type: "near_duplicates",
  revision: 3,
  threshold: 0.2,
  suggested: 0.2,
  largest: 1,
  metric: "cosine",
  n_rows: 5,
  n_groups: 2,
  n_surplus: 3,
  groups: [
    { ...rowMessage(8, hostile), group: 0, size: 3 },
    { ...rowMessage(9, "twice"), group: 1, size: 2 },
  ],
};

describe("a new selection", () => {
  it("leaves the keyboard to whoever types elsewhere in the panel", () => {
    const box = find(".ce-ask-input");
    box.focus();
    select([{ label: 0, count: 60 }]);
    select([{ label: 0, count: 20 }], 2);
    expect(document.activeElement).toBe(box);
    model.update({ selection: { revision: 3, kind: "none", count: 0, clusters: [], outline: null } });
    press("Near-duplicates");
    box.focus();
    select([{ label: 0, count: 10 }], 4);
    expect(view("Near-duplicates").hidden).toBe(true);
    expect(document.activeElement).toBe(box);
  });
});

describe("near-duplicates", () => {
  it("begin at the suggested threshold, and follow the slider once it rests", () => {
    vi.useFakeTimers();
    press("Near-duplicates");
    expect(model.lastSent("near_duplicates")).toEqual({ type: "near_duplicates", threshold: null });
    model.reply(duplicates);
    const slider = find("input[type=range]") as HTMLInputElement;
    expect(slider.value).toBe("40");
    expect(slider.getAttribute("aria-valuetext")).toBe("cosine similarity ≥ 0.980");
    for (const value of ["50", "60", "80"]) {
      slider.value = value;
      slider.dispatchEvent(new Event("input"));
    }
    model.sent.length = 0;
    vi.runAllTimers();
    expect(model.sent).toEqual([{ type: "near_duplicates", threshold: 0.4 }]);
    vi.useRealTimers();
  });

  it("are listed group by group, as text; a click selects a group and there is a way back", () => {
    press("Near-duplicates");
    model.reply(duplicates);
    const shown = view("Near-duplicates");
    expect(shown.querySelector("img")).toBeNull();
    expect(shown.textContent).toContain("5 texts in 2 groups, 3 beyond the first of each.");
    shown.querySelectorAll<HTMLElement>(".ce-passage")[1]?.click();
    expect(model.lastSent("select_duplicates")).toEqual({ type: "select_duplicates", revision: 3, group: 1 });
    select([{ label: 0, count: 2 }]);
    expect(shown.hidden).toBe(true);
    press("‹ Near-duplicates");
    expect(shown.hidden).toBe(false);
    select([{ label: 0, count: 20 }], 9);
    expect(shown.hidden).toBe(true);
  });

  it("stay while the group that was chosen is not selected, and are looked for anew when it is of before", () => {
    press("Near-duplicates");
    model.reply(duplicates);
    const shown = view("Near-duplicates");
    find(".ce-passage", shown).click();
    expect(shown.hidden).toBe(false);
    model.sent.length = 0;
    model.reply({ type: "error", of: "select_duplicates", message: "Looked for anew." });
    expect(model.sent).toEqual([{ type: "near_duplicates", threshold: 0.2 }]);
    // the lasso that is drawn next was chosen on the map, not here
    select([{ label: 0, count: 20 }]);
    expect(shown.hidden).toBe(true);
    expect(
      [...document.querySelectorAll("button")].find((each) => each.textContent === "‹ Near-duplicates")?.hidden,
    ).toBe(true);
  });

  it("are those of the threshold beside them, whatever another view of the panel asks for", () => {
    vi.useFakeTimers();
    press("Near-duplicates");
    model.reply(duplicates);
    const shown = view("Near-duplicates");
    const others = { ...duplicates, revision: 4, threshold: 0.9, n_groups: 77, n_rows: 400 };
    model.reply(others);
    expect(shown.textContent).toContain("5 texts in 2 groups");
    const slider = find("input[type=range]", shown) as HTMLInputElement;
    slider.value = "60";
    slider.dispatchEvent(new Event("input"));
    vi.runAllTimers();
    vi.useRealTimers();
    // the other view was faster, so that the question of this one may have been dropped
    model.sent.length = 0;
    model.reply({ ...others, revision: 5 });
    expect(model.sent).toEqual([{ type: "near_duplicates", threshold: 0.3 }]);
    model.reply({ ...duplicates, revision: 6, threshold: 0.3, n_groups: 3 });
    expect(shown.textContent).toContain("in 3 groups");
    model.sent.length = 0;
    model.reply({ ...others, revision: 7 });
    expect(model.sent).toEqual([]);
  });

  it("leave with Escape", () => {
    press("Near-duplicates");
    const shown = view("Near-duplicates");
    shown.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
    expect(shown.hidden).toBe(true);
  });
});

const estimate = {
  type: "titles_estimate",
  revision: 7,
  destination: "the model 'm' at api.example.org",
  leaves_machine: true,
  n_clusters: 3,
  n_requests: 2,
  n_cached: 1,
  n_texts: 12,
  n_tokens: 1234,
  samples: [{ label: 0, keywords: ["harbour"], texts: [hostile] }],
};

describe("titles", () => {
  it("are not offered where there is nobody to ask", () => {
    model.update({ titling: { ...idle, available: false } });
    const offered = [...document.querySelectorAll<HTMLElement>("button")].filter(
      (each) => each.textContent === "Titles…",
    );
    expect(offered.map((each) => each.hidden)).toEqual([true]);
  });

  it("say first what would leave the machine, and send nothing before the click", () => {
    press("Titles…");
    expect(model.sent.map((message) => message.type)).toEqual(["titles_estimate"]);
    model.reply(estimate);
    const shown = view("Titles for clusters");
    expect(shown.textContent).toContain("2 requests, roughly 1,234 tokens: the keywords and 12 texts of 2 clusters.");
    expect(shown.textContent).toContain("They would leave this machine for the model 'm' at api.example.org.");
    expect(shown.textContent).toContain("Nothing is sent before you press the button.");
    expect(find(".ce-samples", shown).textContent).toContain(hostile);
    expect(shown.querySelector("img")).toBeNull();
    expect(model.sent.map((message) => message.type)).toEqual(["titles_estimate"]);
    press("Send 2 requests", shown);
    expect(model.lastSent("titles_start")).toEqual({ type: "titles_start", revision: 7 });
  });

  it("show how far they are, can be cancelled, and tell what came of it", () => {
    press("Titles…");
    model.reply(estimate);
    const shown = view("Titles for clusters");
    model.update({ titling: { ...idle, state: "running", fraction: 0.5 } });
    expect(find("progress", shown)).toHaveProperty("value", 0.5);
    press("Cancel", shown);
    expect(model.lastSent("titles_cancel")).toEqual({ type: "titles_cancel" });
    model.update({ titling: { ...idle, state: "done", n_titles: 1, n_failed: 1, message: "no title" } });
    expect(shown.textContent).toContain("1 title came. 1 cluster kept the keywords: no title");
  });
});

describe("what would be sent", () => {
  it("can be agreed to only while it is what is shown, and is read on while it is counted anew", () => {
    press("Titles…");
    model.reply(estimate);
    const shown = view("Titles for clusters");
    const details = (): HTMLDetailsElement => find("details", shown) as HTMLDetailsElement;
    details().open = true;
    find("summary", shown).focus();
    model.update({ colors_revision: 1 });
    expect(find(".ce-primary", shown).getAttribute("aria-disabled")).toBe("true");
    press("Send 2 requests", shown);
    expect(model.sent.map(({ type }) => type)).not.toContain("titles_start");
    model.reply({ ...estimate, revision: 8, n_requests: 3 });
    expect(details().open).toBe(true);
    expect(document.activeElement).toBe(find("summary", shown));
    press("Send 3 requests", shown);
    expect(model.lastSent("titles_start")).toEqual({ type: "titles_start", revision: 8 });
  });
});

describe("the button that asks for titles", () => {
  it("hands the keyboard to the one that cancels, and takes it back", () => {
    press("Titles…");
    model.reply(estimate);
    const shown = view("Titles for clusters");
    find(".ce-primary", shown).focus();
    model.update({ titling: { ...idle, state: "running", fraction: 0 } });
    expect(document.activeElement?.textContent).toBe("Cancel");
    model.update({ titling: { ...idle, state: "running", fraction: 0.5 } });
    expect(document.activeElement?.textContent).toBe("Cancel");
    model.update({ titling: { ...idle, state: "cancelled" } });
    expect(document.activeElement).toBe(find(".ce-primary", shown));
  });
});

describe("what failed", () => {
  it("is told in the view that it is of, and in no other", () => {
    press("Titles…");
    model.reply({ type: "error", of: "snippet", request: 3, message: "No such row." });
    const shown = view("Titles for clusters");
    expect(shown.textContent).toContain("Counting what would be sent");
    model.reply({ type: "error", of: "titles_estimate", message: "The server went away." });
    expect(shown.textContent).toContain("The server went away.");
    model.reply(estimate);
    expect(shown.textContent).toContain("2 requests");
    // and when it cannot be counted anew, what was counted before is not what would be sent
    model.update({ colors_revision: 1 });
    model.reply({ type: "error", of: "titles_estimate", message: "It went away again." });
    expect(shown.textContent).toContain("It went away again.");
    expect(shown.textContent).not.toContain("roughly 1,234 tokens");
  });

  it("because what was shown is out of date is asked for anew", () => {
    press("Titles…");
    model.reply(estimate);
    model.sent.length = 0;
    model.reply({ type: "error", of: "titles_start", message: "Counted anew." });
    expect(model.lastSent("titles_estimate")).toEqual({ type: "titles_estimate" });
  });
});

describe("what arrives in another shape", () => {
  it.each([
    {},
    { cluster: 3, terms: "x", metadata: [null, 1] },
    { cluster: { label: 0, central: [{}], shares: [{}] } },
  ])("is read as far as it makes sense: %j", (message) => {
    expect(() => parseAbout(message)).not.toThrow();
    expect(() => parseDuplicates(message)).not.toThrow();
    expect(() => parseEstimate(message)).not.toThrow();
  });

  it("is never taken for texts that stay on the machine", () => {
    expect(parseEstimate({}).leavesMachine).toBe(true);
  });
});

describe("words for numbers", () => {
  it("round shares, and never to nothing", () => {
    expect([0, 0.001, 0.005, 0.624, 1].map(percent)).toEqual(["0%", "<1%", "1%", "62%", "100%"]);
  });

  it("say how near is near", () => {
    expect(describeThreshold(0, "cosine")).toBe("cosine similarity ≥ 1.000");
    expect(describeThreshold(0.1234, "euclidean")).toBe("distance ≤ 0.123");
  });

  it("say when there is nothing", () => {
    expect(summarize(parseDuplicates({}))).toBe("No texts are that near to each other.");
    expect(sentences(parseEstimate({}))).toEqual(["There are no clusters without a name of your own."]);
    const failed = {
      available: true,
      state: "failed",
      fraction: 1,
      titles: 0,
      failed: 0,
      message: "Nobody there.",
    } as const;
    expect(outcomeOf(failed)).toBe("No title came. Nobody there.");
  });
});
