// Visits, counted by reading, adding and writing under a lock of async-lock. POST /visits/PAGE with {"by": 1} adds; GET returns
// {"count": COUNT}. LIMIT=execution: a visit may hold the lock for 10 ms; a longer visit is answered with an error.
import { createServer } from 'node:http'
import AsyncLock from 'async-lock'

const lock = new AsyncLock(process.env.LIMIT === 'none' ? {} : { maxExecutionTime: 10 })
const counts = new Map()
const way = () => new Promise((next) => setTimeout(next, 1 + 12 * Math.random()))

function visit(page, by) {
  return lock.acquire(page, async () => {
    const count = counts.get(page) ?? 0
    await way()
    counts.set(page, count + by)
  })
}

createServer(async (request, response) => {
  const page = request.url.slice('/visits/'.length)
  if (request.method === 'GET') return response.end(JSON.stringify({ count: counts.get(page) ?? 0 }))
  let body = ''
  for await (const chunk of request) body += chunk
  const counted = await visit(page, JSON.parse(body).by).then(
    () => true,
    () => false,
  )
  // A visit that took too long is answered with an error, but may still count.
  response.writeHead(counted ? 200 : 503).end('{}')
}).listen(Number(process.env.PORT))
