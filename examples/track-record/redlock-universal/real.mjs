// Ann holds a lock with a time to live of 10 s, and is cut off from a real Redis after 7 s. Bob tries all the time.
// Usage: real.mjs [cured]
import { spawn } from 'node:child_process'
import { connect, createServer } from 'node:net'
import { setTimeout as later } from 'node:timers/promises'
import Redis from 'ioredis'
import { createLock, IoredisAdapter } from 'redlock-universal'

const cured = process.argv[2] === 'cured'
const TTL_MS = 10_000
const listen = (server) => new Promise((next) => server.listen(0, '127.0.0.1', () => next(server.address().port)))
async function freePort() {
  const server = createServer()
  const port = await listen(server)
  await new Promise((next) => server.close(next))
  return port
}

const redisPort = await freePort()
const server = spawn('redis-server', ['--port', String(redisPort), '--save', '', '--bind', '127.0.0.1'])
process.on('exit', () => server.kill('SIGKILL'))
let cut = false
/** A proxy that forwards everything until it is cut. */
const link = createServer((client) => {
  const redis = connect(redisPort, '127.0.0.1')
  client.on('data', (bytes) => cut || redis.write(bytes))
  redis.on('data', (bytes) => cut || client.write(bytes))
  for (const end of [client, redis]) end.on('error', () => client.destroy())
})
const linkPort = await listen(link)

async function adapter(port, options) {
  const redis = new Redis({ host: '127.0.0.1', port, maxRetriesPerRequest: null })
  redis.on('error', () => {})
  await redis.ping()
  return new IoredisAdapter(redis, options)
}
const anns = createLock({ adapter: await adapter(linkPort, cured ? { timeout: 500 } : {}), key: 'room', ttl: TTL_MS })
const bobs = createLock({
  adapter: await adapter(redisPort),
  key: 'room',
  ttl: TTL_MS,
  retryAttempts: 1_000,
  retryDelay: 20,
})

let entered
const bob = later(1_000)
  .then(() => bobs.acquire())
  .then(() => {
    entered = Date.now()
  })
const ann = anns.using(async (signal) => {
  await later(7_000)
  cut = true
  while (!signal.aborted) await later(5)
  return Date.now()
})
await bob
const left = await ann
if (left > entered) console.log(`shown: Ann's signal was aborted ${left - entered} ms after Bob had taken the lock`)
process.exit(left > entered ? 1 : 0)
