// Calls of an API that allows three starts in any 50 ms and two calls at a time, made through a p-queue in strict mode.
// POST /calls/NAME makes one, and answers {"kept": true}, or false if the API had to refuse it.
import { createServer } from 'node:http'
import PQueue from 'p-queue'

const [CAP, INTERVAL_MS, CONCURRENCY] = [3, 50, 2]
const queue = new PQueue({ concurrency: CONCURRENCY, interval: INTERVAL_MS, intervalCap: CAP, strict: true })
const way = () => new Promise((next) => setTimeout(next, 1 + 30 * Math.random()))
let started = []
let underWay = 0

async function call() {
  const now = Date.now()
  // The queue looks at the clock a moment before this: that may be another millisecond.
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
