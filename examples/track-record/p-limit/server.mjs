// Calls an API through p-limit. The API allows two calls at a time. POST /calls/NAME makes a call, and answers
// {"kept": true}, or false if the API had to refuse it. Every fifth call fails.
import { createServer } from 'node:http'
import pLimit from 'p-limit'

const MOST = 2
const limit = pLimit(MOST)
const way = () => new Promise((next) => setTimeout(next, 1 + 8 * Math.random()))
let underWay = 0

async function call() {
  underWay++
  const kept = underWay <= MOST
  try {
    await way()
    if (Math.random() < 0.2) throw new Error('failed')
    return kept
  } finally {
    underWay--
  }
}

createServer(async (_request, response) => {
  const kept = await limit(call).catch(() => undefined)
  response.writeHead(kept === undefined ? 503 : 200).end(JSON.stringify({ kept }))
}).listen(Number(process.env.PORT))
