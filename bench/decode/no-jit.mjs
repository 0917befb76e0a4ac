// Before any schema is made: zod decides then.

import { config } from 'zod'

config({ jitless: true })
