// Nothing for the package: only that the folder is the project, whatever lies above it.

import { resolve } from 'node:path'

const root = resolve(import.meta.dirname, '../..')

export default { turbopack: { root }, outputFileTracingRoot: root }
