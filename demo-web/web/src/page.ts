// The few things every panel does with the page.

/** The element of this id; the page is ours, so it is there. */
export function byId<T extends HTMLElement>(id: string): T {
  const found = document.getElementById(id)
  if (!found) throw new Error(`the page has no #${id}`)
  return found as T
}

/** A new element with its properties and children. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Partial<HTMLElementTagNameMap[K]> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = Object.assign(document.createElement(tag), properties)
  element.append(...children)
  return element
}

/** Sets text only when it changes: a live region must not speak without need. */
export function say(element: HTMLElement, text: string, tone?: Tone): void {
  if (element.textContent !== text) element.textContent = text
  if (tone !== undefined && element.dataset['tone'] !== tone) element.dataset['tone'] = tone
}

/** How a value is meant. */
export type Tone = 'plain' | 'fine' | 'warned' | 'lost'

/** Says something to screen readers, without a place on the page. */
export function announce(text: string): void {
  say(byId('announcer'), text)
}

export const count = (n: number): string => n.toLocaleString('en')

export function bytes(n: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB']
  const power = Math.min(units.length - 1, n < 1 ? 0 : Math.floor(Math.log10(n) / 3))
  return `${(n / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`
}

export const clock = (at: number): string => new Date(at).toLocaleTimeString('en-GB')

/** Runs with the page's paints while it is visible, at most ten times a second. */
export function everyPaint(draw: (now: number) => void): void {
  let last = 0
  const step = (now: number) => {
    if (now - last >= 100) {
      last = now
      draw(now)
    }
    requestAnimationFrame(step)
  }
  requestAnimationFrame(step)
}

/** What `url` answers. While nobody does, the page says so and asks again: nothing needs a reload. */
export async function answered<T>(url: string, who: string): Promise<T> {
  for (;;) {
    try {
      const response = await fetch(url)
      if (response.ok) return (await response.json()) as T
      throw new Error(`${response.status} ${response.statusText}`)
    } catch (error) {
      say(byId('server-state'), `${who} does not answer ${url} (${String(error)}); asking again every second`, 'lost')
      await new Promise((resolve) => setTimeout(resolve, 1000))
    }
  }
}

/** Posts a button's wish; the refusal's own words on failure. */
export async function post(url: string, body?: unknown): Promise<{ ok: boolean; why: string; answer: unknown }> {
  try {
    const init: RequestInit = { method: 'POST' }
    if (body !== undefined) {
      init.headers = { 'content-type': 'application/json' }
      init.body = JSON.stringify(body)
    }
    const response = await fetch(url, init)
    const answer: unknown = await response.json().catch(() => null)
    const why = isRefusal(answer) ? answer.error : response.statusText
    return { ok: response.ok, why, answer }
  } catch {
    return { ok: false, why: 'nobody answered', answer: null }
  }
}

function isRefusal(answer: unknown): answer is { error: string } {
  return typeof answer === 'object' && answer !== null && 'error' in answer && typeof answer.error === 'string'
}
