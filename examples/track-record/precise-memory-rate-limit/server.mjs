// Each name may make five calls in any 200 ms. POST /calls/NAME answers {"kept": false} if the limiter refuses the call
// although it allowed fewer than five calls in the last 200 ms, otherwise {"kept": true}.
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
