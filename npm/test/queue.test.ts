// The queue behind a loop, on its own.

import assert from "node:assert/strict";
import { test } from "node:test";
import { PullQueue } from "../dist/queue.js";

const queue = (): { queue: PullQueue<number>; news: string[] } => {
  const news: string[] = [];
  return { queue: new PullQueue<number>(() => news.push("taken"), () => news.push("left")), news };
};

test("what is pushed before it is asked for waits, in order", async () => {
  const { queue: q, news } = queue();
  q.push(1, undefined);
  q.push(2, "p1");
  assert.equal(q.length, 2);
  assert.deepEqual([(await q.next()).value, q.before, news.length], [1, "p1", 0]);
  assert.deepEqual([(await q.next()).value, q.before, news], [2, undefined, ["taken"]]);
});

test("who asks first is served first", async () => {
  const { queue: q } = queue();
  const asked = [q.next(), q.next()];
  q.push(1, undefined);
  q.push(2, undefined);
  assert.deepEqual((await Promise.all(asked)).map((result) => result.value), [1, 2]);
});

test("an end lets the rest be taken first", async () => {
  const { queue: q } = queue();
  q.push(1, undefined);
  q.end();
  assert.deepEqual([await q.next(), await q.next()], [{ done: false, value: 1 }, { done: true, value: undefined }]);
});

test("an error is thrown once, after the rest", async () => {
  const { queue: q } = queue();
  q.push(1, undefined);
  q.end(new Error("refused"));
  assert.equal((await q.next()).value, 1);
  await assert.rejects(q.next(), /refused/);
  assert.equal((await q.next()).done, true);
});

test("leaving forgets what waits and says so", async () => {
  const { queue: q, news } = queue();
  q.push(1, undefined);
  await q.return();
  assert.deepEqual([q.length, (await q.next()).done, news], [0, true, ["left"]]);
});
