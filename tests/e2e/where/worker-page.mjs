// A page with a stream, and with a worker that has one of its own.

import '../pages/ledger.mjs'
import { ask } from './ask.mjs'

window.ask = ask
