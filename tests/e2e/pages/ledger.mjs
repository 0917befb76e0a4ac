// A page that writes down all it is handed; book.mjs says what its address may ask for.

import { connect } from 'eventwire'

import { listen } from './book.mjs'
import { Harness } from './harness.mjs'

listen(connect, Harness)
