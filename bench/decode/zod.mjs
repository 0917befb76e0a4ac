// The contract by hand for zod 4, which compiles each schema to code where a page may.

import * as z from 'zod'

const text = z.string()
const whole = z.int().min(0)
const number = z.number()
const line = z.object({ sku: text, name: text, quantity: whole, price: number, discount: number.nullable(), tags: z.array(text) })
const service = z.object({ id: text, name: text, health: z.enum(['ok', 'warn', 'error']), cpu: number, memory: number, requests: number, up: z.boolean() })
const exchange = z.enum(['XNAS', 'XNYS', 'XLON', 'XETR'])

const events = {
  tick: z.object({ symbol: text, exchange, bid: number, ask: number, volume: whole, sequence: whole, at: whole }),
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
    sequence: whole,
    at: whole,
    totals: z.object({ ok: whole, warn: whole, error: whole }),
    items: z.array(service),
  }),
  quote: z.object({
    symbol: text,
    exchange: exchange.nullish(),
    bid: number.nullish(),
    ask: number.nullish(),
    bidSize: whole.nullish(),
    askSize: whole.nullish(),
    note: text.nullish(),
    levels: z.array(z.object({ price: number, size: whole, orders: whole.nullish() })).optional(),
  }),
}

export const parse = (name, value) => events[name].parse(value)
