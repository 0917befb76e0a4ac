// Rendered on the server too, where importing does nothing and a stream without an absolute URL stays idle.
'use client'

import { connect } from 'eventwire'
import { useEffect } from 'react'

import { listen } from '../../../pages/book.mjs'
import { Harness } from '../../../pages/harness.mjs'
import { ask } from '../../ask.mjs'

export function Ledger() {
  useEffect(() => {
    listen(connect, Harness)
    window.ask = ask
  }, [])
  const { state } = typeof window === 'undefined' ? connect(Harness, '/events') : { state: { kind: 'idle' } }
  return <p>{state.kind}</p>
}
