// A small live chart: the last minute of one or more series, drawn by uPlot.

import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { make } from './page'

/** How much of the past a chart shows, in seconds. */
const WINDOW = 60

export interface ChartOptions {
  readonly title: string
  /** Colours by token, one per series; later ones are drawn over earlier ones. */
  readonly colours: readonly string[]
  /** Fixed top of the scale; else the largest value seen. */
  readonly top?: number
  /** Bars instead of a line. */
  readonly bars?: boolean
  /** As wide as the panel. */
  readonly wide?: boolean
}

export class Chart {
  readonly element: HTMLElement
  readonly #value = make('strong', {}, 'waiting for the first sample')
  readonly #plot = make('div', { className: 'plot' })
  readonly #data: number[][]
  readonly #options: ChartOptions
  #chart: uPlot | undefined
  #dirty = false

  constructor(options: ChartOptions) {
    this.#options = options
    this.#data = [[], ...options.colours.map(() => [])]
    const caption = make('figcaption', {}, make('span', {}, options.title), this.#value)
    this.element = make('figure', { className: options.wide ? 'chart wide' : 'chart' }, caption, this.#plot)
    new ResizeObserver(() => this.#resize()).observe(this.#plot)
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.recolour())
    document.addEventListener('themechange', () => this.recolour())
  }

  /** Takes one sample; `label` is what stands beside the title. */
  push(at: number, values: readonly number[], label: string): void {
    const [times = []] = this.#data
    times.push(at / 1000)
    values.forEach((value, i) => this.#data[i + 1]?.push(value))
    while (times.length > 1 && (times[0] ?? 0) < at / 1000 - WINDOW) for (const series of this.#data) series.shift()
    this.#value.textContent = label
    this.#dirty = true
  }

  draw(): void {
    if (!this.#dirty || this.#plot.clientWidth === 0) return
    this.#dirty = false
    this.#chart ??= this.#make()
    this.#chart.setData(this.#data as uPlot.AlignedData)
  }

  recolour(): void {
    this.#chart?.destroy()
    this.#chart = undefined
    this.#dirty = true
    this.draw()
  }

  #resize(): void {
    this.#chart?.setSize({ width: this.#plot.clientWidth, height: this.#plot.clientHeight })
  }

  #make(): uPlot {
    const { top, colours, bars } = this.#options
    const paths = bars ? uPlot.paths.bars?.({ size: [0.9] }) : undefined
    const series = colours.map((token): uPlot.Series => {
      const colour = token2colour(token, this.element)
      const line: uPlot.Series = { stroke: colour, width: 1.5, points: { show: false } }
      return paths ? { ...line, fill: colour, paths } : line
    })
    const range: uPlot.Scale.Range = (_chart, _low, high) => [0, top ?? Math.max(1, high * 1.1)]
    return new uPlot(
      {
        width: this.#plot.clientWidth,
        height: this.#plot.clientHeight,
        padding: [4, 0, 4, 0],
        cursor: { show: false },
        legend: { show: false },
        axes: [{ show: false }, { show: false }],
        scales: { x: { range: (_chart, _low, high) => [high - WINDOW, high] }, y: { range } },
        series: [{}, ...series],
      },
      this.#data as uPlot.AlignedData,
      this.#plot,
    )
  }
}

/** The colour a token stands for now; a canvas knows no custom properties. */
function token2colour(token: string, near: HTMLElement): string {
  const probe = make('i')
  probe.style.color = `var(${token})`
  near.append(probe)
  const colour = getComputedStyle(probe).color
  probe.remove()
  return colour
}
