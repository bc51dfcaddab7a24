// Profiles in a cache of two tiers: each node has some in its memory, all are in Redis, and a bus tells the nodes of changes.
// GET /profiles/ID returns {"name": NAME}; PUT with {"name": NAME} changes it. TIERS=one: no tier in memory.
import { createServer } from 'node:http'
import { BentoCache, bentostore } from 'bentocache'
import { memoryDriver } from 'bentocache/drivers/memory'
import { redisBusDriver, redisDriver } from 'bentocache/drivers/redis'

const { hostname, port } = new URL(process.env.REDIS_URL)
const connection = { host: hostname, port: Number(port) }
const inRedis = redisDriver({ connection })
const tiers =
  process.env.TIERS === 'one'
    ? bentostore().useL2Layer(inRedis)
    : bentostore().useL1Layer(memoryDriver()).useL2Layer(inRedis).useBus(redisBusDriver({ connection }))
const cache = new BentoCache({ default: 'profiles', ttl: '1h', stores: { profiles: tiers } })

createServer(async (request, response) => {
  const key = request.url.slice('/profiles/'.length)
  try {
    if (request.method === 'GET') {
      return response.end(JSON.stringify({ name: (await cache.get({ key })) ?? null }))
    }
    let body = ''
    for await (const chunk of request) body += chunk
    await cache.set({ key, value: JSON.parse(body).name })
    response.end('{}')
  } catch {
    response.writeHead(503).end()
  }
}).listen(Number(process.env.PORT))
