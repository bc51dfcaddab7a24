// Counts orders. An order whose Idempotency-Key is known gets the same answer as before, and is not counted again.
// Usage: orders.mjs HOST:PORT
import { createServer } from 'node:http'

const [host, port] = (process.argv[2] ?? '').split(':')
const counts = new Map()
const answered = new Map()

createServer(({ method, url, headers }, response) => {
  const key = headers['idempotency-key']
  let answer = key && answered.get(key)
  if (answer === undefined) {
    if (method !== 'GET') counts.set(url, (counts.get(url) ?? 0) + 1)
    answer = JSON.stringify({ orders: counts.get(url) ?? 0 })
    if (key) answered.set(key, answer)
  }
  response.setHeader('Content-Type', 'application/json').end(answer)
}).listen(Number(port), host)
