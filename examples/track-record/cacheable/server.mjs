// Serves profiles from a cache with two layers: the two most recently used profiles in memory, and all profiles in
// Redis. GET /profiles/ID returns {"name": NAME}. PUT /profiles/ID with {"name": NAME} changes it. With LAYERS=one,
// there is no layer in memory.
import { createServer } from 'node:http'
import KeyvRedis, { Keyv } from '@keyv/redis'
import { Cacheable, createKeyv } from 'cacheable'

const inRedis = new Keyv(new KeyvRedis(process.env.REDIS_URL), { useKeyPrefix: false })
inRedis.on('error', () => {})
const cache =
  process.env.LAYERS === 'one' ? inRedis : new Cacheable({ primary: createKeyv({ lruSize: 2 }), secondary: inRedis })

createServer(async (request, response) => {
  const key = request.url.slice('/profiles/'.length)
  try {
    if (request.method === 'GET') {
      return response.end(JSON.stringify({ name: (await cache.get(key)) ?? null }))
    }
    let body = ''
    for await (const chunk of request) body += chunk
    await cache.set(key, JSON.parse(body).name)
    response.end('{}')
  } catch {
    response.writeHead(503).end()
  }
}).listen(Number(process.env.PORT))
