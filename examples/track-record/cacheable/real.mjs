// With a real Redis: a profile is in Redis, but not in memory. It is read, and changed before the answer of Redis
// arrives.
// Usage: real.mjs [cured]
import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { setTimeout as later } from 'node:timers/promises'
import KeyvRedis, { Keyv } from '@keyv/redis'
import { Cacheable } from 'cacheable'

const free = createServer()
const port = await new Promise((next) => free.listen(0, '127.0.0.1', () => next(free.address().port)))
await new Promise((next) => free.close(next))
const server = spawn('redis-server', ['--port', String(port), '--save', '', '--bind', '127.0.0.1'])
process.on('exit', () => server.kill('SIGKILL'))
const inRedis = new Keyv(new KeyvRedis(`redis://127.0.0.1:${port}`), { useKeyPrefix: false })
inRedis.on('error', () => {})
while ((await inRedis.get('up').catch(() => undefined)) !== 'yes') {
  await inRedis.set('up', 'yes').catch(() => {})
  await later(50)
}
const cache = process.argv[2] === 'cured' ? inRedis : new Cacheable({ secondary: inRedis })
await inRedis.set('x', 'before')
const reading = cache.get('x')
// The cache sends its request to Redis during these microtasks. It cannot receive the answer before they end, because
// receiving needs the event loop.
for (let turn = 0; turn < 50; turn++) await undefined
await cache.set('x', 'after')
await reading
await later(1_000)
const [cached, stored] = [await cache.get('x'), await inRedis.get('x')]
if (cached !== 'after')
  console.log(`shown: a second after "after" was written, Redis has "${stored}", and the cache answers "${cached}"`)
process.exit(cached === 'after' ? 0 : 1)
