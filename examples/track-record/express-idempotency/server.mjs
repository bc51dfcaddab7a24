// An account that is charged. POST /accounts/NAME charges 1, at most once for each Idempotency-Key;
// GET /accounts/NAME returns {"charged": SUM}.
import express from 'express'
import { getSharedIdempotencyService, idempotency } from 'express-idempotency'

const charged = new Map()
const app = express()
app.get('/accounts/:name', ({ params }, response) => response.json({ charged: charged.get(params.name) ?? 0 }))
app.post('/accounts/:name', idempotency(), async (request, response) => {
  if (getSharedIdempotencyService().isHit(request)) return
  const { name } = request.params
  await new Promise((resolve) => setTimeout(resolve, 5))
  charged.set(name, (charged.get(name) ?? 0) + 1)
  response.json({ charged: charged.get(name) })
})
app.use((error, _request, response, _next) => response.headersSent || response.end(error.message))
app.listen(Number(process.env.PORT))
