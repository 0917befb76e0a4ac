// The contract by hand for valibot.

import * as v from 'valibot'

const text = v.string()
const count = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(4294967295))
const whole = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
const number = v.number()
const line = v.object({ sku: text, name: text, quantity: count, price: number, discount: v.nullable(number), tags: v.array(text) })
const service = v.object({ id: text, name: text, health: v.picklist(['ok', 'warn', 'error']), cpu: number, memory: number, requests: number, up: v.boolean() })
const exchange = v.picklist(['XNAS', 'XNYS', 'XLON', 'XETR'])

const events = {
  tick: v.object({ symbol: text, exchange, bid: number, ask: number, volume: count, sequence: count, at: whole }),
  order: v.object({
    id: text,
    customer: v.object({ id: text, name: text, email: text, vip: v.boolean() }),
    status: v.picklist(['pending', 'paid', 'shipped', 'cancelled']),
    currency: v.picklist(['USD', 'EUR', 'GBP']),
    items: v.array(line),
    total: number,
    note: v.nullable(text),
    createdAt: text,
    at: whole,
  }),
  snapshot: v.object({
    region: text,
    sequence: count,
    at: whole,
    totals: v.object({ ok: count, warn: count, error: count }),
    items: v.array(service),
  }),
  quote: v.object({
    symbol: text,
    exchange: v.nullish(exchange),
    bid: v.nullish(number),
    ask: v.nullish(number),
    bidSize: v.nullish(count),
    askSize: v.nullish(count),
    note: v.nullish(text),
    levels: v.optional(v.array(v.object({ price: number, size: count, orders: v.nullish(count) }))),
  }),
}

export default (name, value) => v.parse(events[name], value)
