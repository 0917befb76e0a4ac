// Rendering on a server: nothing is opened, nothing is touched. What components do in a page, `cargo xtask e2e react` shows.

import assert from "node:assert/strict";
import { test } from "node:test";
import { useEvents, useLatest } from "eventwire/react";
import { createElement } from "react";
import { renderToString } from "react-dom/server";
import { Line, play, SHOP } from "./fake.js";

test("a page that is rendered on a server opens nothing, and has no value yet", async () => {
  play();
  let handed = 0;
  function Prices(): string {
    const { kind, reason } = useEvents(SHOP, "/events", { topics: ["a"], on: { tick: () => (handed += 1) } });
    const latest = useLatest(SHOP, "http://shop.test/events", "tick");
    return `${kind} ${reason} ${String(latest)}`;
  }
  assert.equal(renderToString(createElement(Prices)), "idle new undefined");
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual([Line.all.length, handed], [0, 0]);
});
