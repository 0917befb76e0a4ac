// The same schemas in a zod of their own, as it is under a policy that forbids `eval`.

import './no-jit.mjs'

export { parse } from './zod.mjs'
