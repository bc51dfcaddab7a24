// A client that makes a call every 300 ms, where five a second are allowed. Usage: real.mjs [cured]
import { setTimeout as later } from 'node:timers/promises'
import express from 'express'
import { rateLimit } from 'express-rate-limit'
import PreciseMemory from 'precise-memory-rate-limit'

const [LIMIT, WINDOW_MS] = [5, 1_000]
const store = process.argv[2] === 'cured' ? {} : { store: new PreciseMemory(WINDOW_MS, LIMIT) }
const app = express()
app.get('/', rateLimit({ windowMs: WINDOW_MS, limit: LIMIT, ...store }), (_request, response) => response.end())
const server = app.listen(0, '127.0.0.1')
await new Promise((next) => server.once('listening', next))

const statuses = []
for (let call = 0; call < 12; call++) {
  statuses.push((await fetch(`http://127.0.0.1:${server.address().port}/`)).status)
  await later(300)
}
const refused = statuses.indexOf(429)
if (refused !== -1) console.log(`shown: call ${refused + 1} is refused, after at most four in the last second`)
process.exit(refused === -1 ? 0 : 1)
