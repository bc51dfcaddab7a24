// Copies that follow their sources. PUT /sources/NAME with {"value": N} changes a source and adds a job that copies it.
// GET /copies/NAME returns the copy, {"value": N}. Each node has a worker. At most one job of a source runs at a time.
// A job that is added meanwhile runs afterwards (keepLastIfActive), or is ignored ("DEDUPLICATION=simple").
import { createServer } from 'node:http'
import { Queue, Worker } from 'bullmq'
import Redis from 'ioredis'

const options = { maxRetriesPerRequest: null }
const connected = () => new Redis(process.env.REDIS_URL, options).on('error', () => {})
const redis = connected()
const queue = new Queue('copies', { connection: connected() })
queue.on('error', () => {})
const keepLastIfActive = process.env.DEDUPLICATION !== 'simple'

const copy = async ({ data }) => {
  const value = await redis.get(`source:${data.name}`)
  await new Promise((done) => setTimeout(done, 5))
  await redis.set(`copy:${data.name}`, value)
}
const quick = { lockDuration: 400, stalledInterval: 400, maxStalledCount: 100, drainDelay: 1 }
const worker = new Worker('copies', copy, { connection: connected(), concurrency: 4, ...quick })
worker.on('error', () => {})

createServer(async (request, response) => {
  const name = request.url.split('/').at(-1)
  try {
    if (request.method === 'PUT') {
      let body = ''
      for await (const chunk of request) body += chunk
      await redis.set(`source:${name}`, JSON.parse(body).value)
      await queue.add('copy', { name }, { deduplication: { id: name, keepLastIfActive }, removeOnComplete: true })
      return response.end()
    }
    const value = await redis.get(`copy:${name}`)
    if (value === null) response.writeHead(404).end()
    else response.end(JSON.stringify({ value: Number(value) }))
  } catch {
    response.writeHead(503).end()
  }
}).listen(Number(process.env.PORT))
