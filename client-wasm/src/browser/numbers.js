// What JavaScript tells the machine and what the machine asks, by number: flat.rs has the other half of each.
//
// Constants alone, and one each: a bundler puts them where they are used.

/** What may happen, in the order of flat.rs. Six of them are what a page says of itself: `SIGNALS` of browser.js. */
export const OPEN = 0
export const TIMEOUT = 1
export const VISIBLE = 2
export const HIDDEN = 3
export const PAGEHIDE = 4
export const CLOSE = 10
/** The same, from outside: the page's pull queue, another connection, and topics joined by commas. */
export const FULL = 11
export const DRAINED = 12
export const RESTART = 13
export const ADD = 14
export const DELETE = 15
/** The same, of an attempt. */
export const LOST = 16
export const OPENED = 17
export const REFUSED = 18
export const STATUS = 19
export const EVENT = 20
export const FRAME = 21
export const BROKEN = 22

/** What the machine may ask, in the order of flat.rs. */
export const CONNECT = 1
export const DISCONNECT = 2
export const PROBE = 3
export const DELIVER = 5
export const GAP = 6
export const FAULT = 7
export const OUTDATED = 8
