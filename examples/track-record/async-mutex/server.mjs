// Visits, counted by reading, adding and writing under a mutex of async-mutex that gives up waiting after 20 ms.
// POST /visits/PAGE with {"by": 1} adds, and fails with 409 if it did not get the mutex; GET returns {"count": COUNT}.
import { createServer } from 'node:http'
import { Mutex, withTimeout } from 'async-mutex'

const counts = new Map()
const mutexes = new Map()
const way = () => new Promise((next) => setTimeout(next, 1 + 8 * Math.random()))
const mutexOf = (page) => {
  if (!mutexes.has(page)) mutexes.set(page, withTimeout(new Mutex(), 20))
  return mutexes.get(page)
}

async function visit(page, by) {
  const release = await mutexOf(page).acquire()
  try {
    const count = counts.get(page) ?? 0
    await way()
    counts.set(page, count + by)
  } finally {
    release()
  }
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
  response.writeHead(counted ? 200 : 409).end('{}')
}).listen(Number(process.env.PORT))
