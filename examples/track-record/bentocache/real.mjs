// Reproduces the bug with a real Redis. Ann stores a profile. Bob's cache in memory is still empty, so Bob asks Redis
// for the profile. Bob changes the profile before the answer of Redis arrives.
// Usage: real.mjs [cured]
import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { setTimeout as later } from 'node:timers/promises'
import { BentoCache, bentostore } from 'bentocache'
import { memoryDriver } from 'bentocache/drivers/memory'
import { redisBusDriver, redisDriver } from 'bentocache/drivers/redis'
import { Redis } from 'ioredis'

const free = createServer()
const port = await new Promise((next) => free.listen(0, '127.0.0.1', () => next(free.address().port)))
await new Promise((next) => free.close(next))
const server = spawn('redis-server', ['--port', String(port), '--save', '', '--bind', '127.0.0.1'])
process.on('exit', () => server.kill('SIGKILL'))
const connection = { host: '127.0.0.1', port }
const probe = new Redis(connection)
probe.on('error', () => {})
await probe.ping()

function open() {
  const inRedis = redisDriver({ connection })
  const tiers =
    process.argv[2] === 'cured'
      ? bentostore().useL2Layer(inRedis)
      : bentostore().useL1Layer(memoryDriver()).useL2Layer(inRedis).useBus(redisBusDriver({ connection }))
  return new BentoCache({ default: 'profiles', ttl: '1h', stores: { profiles: tiers } })
}
const [ann, bob] = [open(), open()]
await ann.set({ key: 'x', value: 'before' })
await later(500)
const reading = bob.get({ key: 'x' })
// Bob sends his request to Redis during these microtasks. He cannot receive the answer before they end, because
// receiving needs the event loop.
for (let turn = 0; turn < 20; turn++) await undefined
await bob.set({ key: 'x', value: 'after' })
await reading
await later(1_000)
const [anns, bobs] = [await ann.get({ key: 'x' }), await bob.get({ key: 'x' })]
if (bobs !== 'after')
  console.log(`shown: a second after Bob wrote "after", Ann reads "${anns}", and Bob himself "${bobs}"`)
process.exit(bobs === 'after' ? 0 : 1)
