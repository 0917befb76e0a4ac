// This machine's vital signs: latest-only topics, so a page that was away shows the newest value and no backlog.

import type { EventStream } from 'eventwire'
import { Chart } from '../chart'
import type { DemoEvents } from '../demo.events'
import { bytes, make } from '../page'

export function show(stream: EventStream<DemoEvents>): (now: number) => void {
  let cpu: Chart | undefined
  const memory = new Chart({ title: 'memory', colours: ['--second'], top: 100 })
  const network = new Chart({ title: 'network in, out', colours: ['--accent', '--second'] })
  const temperature = new Chart({ title: 'temperature', colours: ['--warned'] })
  const charts = document.querySelector('#machine .charts')
  const tables = document.querySelector('#machine .tables')
  charts?.append(memory.element, network.element)
  const processes = table('busiest processes', ['process', 'CPU', 'memory'])
  const disks = table('disks', ['mounted at', 'used', 'of'])
  tables?.append(processes.element, disks.element)

  stream.on('cpu', ({ at, cores: busy }) => {
    if (!cpu) {
      // How many cores there are is known with the first sample: a faint line for each, the mean over them.
      const colours = [...busy.map(() => '--faint'), '--accent']
      cpu = new Chart({ title: `CPU, ${busy.length} cores and their mean`, colours, top: 100, wide: true })
      charts?.prepend(cpu.element)
    }
    const mean = busy.reduce((sum, one) => sum + one, 0) / Math.max(1, busy.length)
    // As long as they fit beside the title.
    const each = busy.length <= 8 ? busy.map((one) => one.toFixed(0)).join(', ') : `busiest ${Math.max(...busy).toFixed(0)}`
    cpu.push(at, [...busy, mean], `${mean.toFixed(0)} % (${each})`)
  })
  stream.on('memory', ({ at, used, total }) => {
    memory.push(at, [(100 * used) / total], `${bytes(used)} of ${bytes(total)}`)
  })
  stream.on('network', ({ at, received, sent }) => {
    network.push(at, [received, sent], `${bytes(received)}/s, ${bytes(sent)}/s`)
  })
  stream.on('temperatures', ({ at, sensors }) => {
    const hottest = sensors.reduce((a, b) => (b.celsius > a.celsius ? b : a))
    if (!temperature.element.isConnected) charts?.append(temperature.element)
    temperature.push(at, [hottest.celsius], `${hottest.label} ${hottest.celsius.toFixed(0)} °C`)
  })
  stream.on('processes', ({ busiest }) => {
    processes.rows(busiest.map((p) => [`${p.name} (${p.pid})`, `${p.cpu.toFixed(0)} %`, bytes(p.memory)]))
  })
  stream.on('disks', ({ disks: list }) => {
    disks.rows(list.map((d) => [d.mount, bytes(d.used), bytes(d.total)]))
  })

  return () => {
    for (const chart of [cpu, memory, network, temperature]) chart?.draw()
  }
}

function table(title: string, columns: readonly string[]) {
  const head = make('tr', {}, ...columns.map((name, i) => make('th', { scope: 'col', className: i > 0 ? 'number' : '' }, name)))
  const body = make('tbody', {}, make('tr', {}, make('td', { colSpan: columns.length }, 'waiting for the first list')))
  const element = make('table', {}, make('caption', {}, title), make('thead', {}, head), body)
  const rows = (list: readonly (readonly string[])[]) => {
    body.replaceChildren(
      ...list.map((cells) =>
        make('tr', {}, ...cells.map((text, i) => make('td', { className: i > 0 ? 'number' : '', title: text }, text))),
      ),
    )
  }
  return { element: make('div', { className: 'scroll' }, element), rows }
}
