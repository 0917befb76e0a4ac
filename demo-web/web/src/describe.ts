// One line of text for one numbered event.

import { bytes } from './page'

export function describe(name: string, data: unknown): string {
  const of = (key: string): unknown => (data as Record<string, unknown>)[key]
  switch (name) {
    case 'traffic':
      return `traffic  ${bytes(Number(of('received')))} in, ${bytes(Number(of('sent')))} out`
    case 'request':
      return `request  ${of('method')} ${of('path')} ${of('status')}`
    case 'drop':
      return `flood    ${of('index')} of ${of('of')}`
    case 'job':
      return `job      ${of('files')} of ${of('ofFiles')} files`
    case 'note':
      return `note     ${of('text')}`
    default:
      return name
  }
}
