// The contract by hand for zod 4, which compiles each schema to code where a page may.

import * as z from 'zod'

const text = z.string()
// A `u32`, as bounded as our check has it; a `u64` that was promised to stay exact, which `z.int()` bounds.
const count = z.uint32()
const whole = z.int().min(0)
const number = z.number()
const line = z.object({ sku: text, name: text, quantity: count, price: number, discount: number.nullable(), tags: z.array(text) })
const service = z.object({ id: text, name: text, health: z.enum(['ok', 'warn', 'error']), cpu: number, memory: number, requests: number, up: z.boolean() })
const exchange = z.enum(['XNAS', 'XNYS', 'XLON', 'XETR'])

const events = {
  tick: z.object({ symbol: text, exchange, bid: number, ask: number, volume: count, sequence: count, at: whole }),
  order: z.object({
    id: text,
    customer: z.object({ id: text, name: text, email: text, vip: z.boolean() }),
    status: z.enum(['pending', 'paid', 'shipped', 'cancelled']),
    currency: z.enum(['USD', 'EUR', 'GBP']),
    items: z.array(line),
    total: number,
    note: text.nullable(),
    createdAt: text,
    at: whole,
  }),
  snapshot: z.object({
    region: text,
    sequence: count,
    at: whole,
    totals: z.object({ ok: count, warn: count, error: count }),
    items: z.array(service),
  }),
  quote: z.object({
    symbol: text,
    exchange: exchange.nullish(),
    bid: number.nullish(),
    ask: number.nullish(),
    bidSize: count.nullish(),
    askSize: count.nullish(),
    note: text.nullish(),
    levels: z.array(z.object({ price: number, size: count, orders: count.nullish() })).optional(),
  }),
}

const one = z.discriminatedUnion('type', Object.entries(events).map(([name, data]) => z.object({ type: z.literal(name), data })))

/** A schema for each event, the one taken that its name says: as `addEventListener(name, …)` has it. */
export const parse = (name, value) => events[name].parse(value)

/** One schema for all that a stream may bring: as one handler of all its events has it. */
export const union = (type, data) => one.parse({ type, data }).data
