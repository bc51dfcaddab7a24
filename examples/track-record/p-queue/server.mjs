// Calls an API through a p-queue in strict mode. The API allows two calls at a time, and three starts in any 50 ms.
// POST /calls/NAME makes a call, and answers {"kept": true}, or false if the API had to refuse the call.
import { createServer } from 'node:http'
import PQueue from 'p-queue'

const [CAP, INTERVAL_MS, CONCURRENCY] = [3, 50, 2]
const queue = new PQueue({ concurrency: CONCURRENCY, interval: INTERVAL_MS, intervalCap: CAP, strict: true })
const way = () => new Promise((next) => setTimeout(next, 1 + 30 * Math.random()))
let started = []
let underWay = 0

async function call() {
  const now = Date.now()
  // Allows 1 ms less, because the queue reads the clock earlier than this line.
  started = [...started.filter((at) => now - at < INTERVAL_MS - 1), now]
  underWay++
  const kept = started.length <= CAP && underWay <= CONCURRENCY
  await way()
  underWay--
  return kept
}

createServer(async ({ url }, response) => {
  const priority = url.endsWith('0') ? 1 : 0
  const kept = await queue.add(call, { priority })
  response.end(JSON.stringify({ kept }))
}).listen(Number(process.env.PORT))
