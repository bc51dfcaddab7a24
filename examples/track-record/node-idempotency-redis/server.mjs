// Orders: the order of an Idempotency-Key is executed once, whichever nodes get its requests.
import { Idempotency } from '@node-idempotency/core'
import { RedisStorageAdapter } from '@node-idempotency/storage-adapter-redis'
import fastify from 'fastify'
import { createClient } from 'redis'

const storage = new RedisStorageAdapter({ url: process.env.REDIS_URL })
const idempotency = new Idempotency(storage)
const orders = createClient({ url: process.env.REDIS_URL }).on('error', () => {})
await Promise.all([storage.connect(), orders.connect()])

const app = fastify()
app.post('/orders/:key', async ({ params, method, url }, reply) => {
  const request = { headers: { 'idempotency-key': params.key }, path: url, method, body: {} }
  try {
    const kept = await idempotency.onRequest(request)
    if (kept !== undefined) return kept.body
  } catch (error) {
    if (error.code !== 'REQUEST_IN_PROGRESS') throw error
    return reply.code(409).send({})
  }
  const body = { times: await orders.incr(`orders:${params.key}`) }
  await idempotency.onResponse(request, { body })
  return body
})
await app.listen({ host: process.env.HOST, port: Number(process.env.PORT) })
