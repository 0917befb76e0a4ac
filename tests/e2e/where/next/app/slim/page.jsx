'use client'

import { connect, initialize } from 'eventwire/slim'
import { useEffect } from 'react'

import { listen } from '../../../../pages/book.mjs'
import { Harness } from '../../../../pages/harness.mjs'

export default function Page() {
  useEffect(() => {
    initialize(new URL('eventwire/eventwire.wasm', import.meta.url))
    listen(connect, Harness)
  }, [])
  return <p>slim</p>
}
