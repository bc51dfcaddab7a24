// Calls, of which everybody may make five in any 200 ms. POST /calls/NAME answers {"kept": true} if the call is let through, and
// also if it is refused after five were let through in the last 200 ms; {"kept": false} if it is refused after fewer.
// STORE=memory: the store of express-rate-limit itself.
import express from 'express'
import { rateLimit } from 'express-rate-limit'
import PreciseMemory from 'precise-memory-rate-limit'

const [LIMIT, WINDOW_MS] = [5, 200]
const store = process.env.STORE === 'memory' ? {} : { store: new PreciseMemory(WINDOW_MS, LIMIT) }
const passed = new Map()
const recent = (name) => (passed.get(name) ?? []).filter((at) => Date.now() - at <= WINDOW_MS)

const limiter = rateLimit({
  windowMs: WINDOW_MS,
  limit: LIMIT,
  keyGenerator: ({ params }) => params.name,
  handler: ({ params }, response) => response.json({ kept: recent(params.name).length >= LIMIT }),
  ...store,
})

const app = express()
app.post('/calls/:name', limiter, ({ params }, response) => {
  passed.set(params.name, [...recent(params.name), Date.now()])
  response.json({ kept: true })
})
app.listen(Number(process.env.PORT))
