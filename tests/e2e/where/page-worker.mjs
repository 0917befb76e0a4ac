// A worker, dedicated or shared: one task, one answer.

import { run } from './run.mjs'

const answer = (port) => (port.onmessage = ({ data }) => run(data).then((book) => port.postMessage(book)))

if ('onconnect' in globalThis) globalThis.onconnect = ({ ports: [port] }) => answer(port)
else answer(globalThis)
