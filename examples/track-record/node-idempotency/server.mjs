// An account that is charged. POST /accounts/NAME charges 1, at most once for each Idempotency-Key;
// GET /accounts/NAME returns {"charged": SUM}.
import { createServer } from 'node:http'
import { Idempotency } from '@node-idempotency/core'
import { RedisStorageAdapter } from '@node-idempotency/storage-adapter-redis'

const storage = new RedisStorageAdapter({ url: process.env.REDIS_URL })
await storage.connect()
const idempotency = new Idempotency(storage)
// The same Redis holds the charges and the keys.
const redis = storage.client

createServer(async ({ method, url: path, headers }, response) => {
  const account = path.slice('/accounts/'.length)
  const asked = { method, path, headers, body: {} }
  try {
    if (method === 'GET') return response.end(JSON.stringify({ charged: Number(await redis.get(account)) }))
    const known = await idempotency.onRequest(asked)
    if (known !== undefined) return response.end(known.body)
    const body = `${await redis.incr(account)}`
    await idempotency.onResponse(asked, { body })
    response.end(body)
  } catch (error) {
    response.writeHead(error.code === 'REQUEST_IN_PROGRESS' ? 409 : 503).end()
  }
}).listen(Number(process.env.PORT))
