// Ann's connection to a real Redis holds back the answer to her SET for 1.2 s; her lock lasts for 1 s. Bob takes the lock then.
// Usage: real.mjs [cured]
import { spawn } from 'node:child_process'
import { connect, createServer } from 'node:net'
import { setTimeout as later } from 'node:timers/promises'
import { createClient } from 'redis'

process.env.LOCK = process.argv[2] === 'cured' ? 'one-script' : 'package'
process.env.LOCK_MS = '1000'
const { acquire, enter } = await import('./regions.mjs')

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
let heldUntil = 0
/** A proxy that forwards requests at once, and answers in order, but not before `heldUntil`. */
const slow = createServer((client) => {
  const redis = connect(redisPort, '127.0.0.1')
  client.pipe(redis)
  let sent = Promise.resolve()
  redis.on('data', (bytes) => {
    sent = sent.then(() => later(Math.max(0, heldUntil - Date.now()))).then(() => client.write(bytes))
  })
  for (const end of [client, redis]) end.on('error', () => {})
})
const slowPort = await listen(slow)

async function open(port) {
  for (;;) {
    const client = createClient({ url: `redis://127.0.0.1:${port}`, socket: { reconnectStrategy: false } })
    client.on('error', () => {})
    try {
      return await client.connect()
    } catch {
      await later(50)
    }
  }
}

const [bobs, anns] = [await open(redisPort), await open(slowPort)]
// The package opens its subscription with the first lock, so a first lock is taken before the measurement.
await (await acquire(anns, 'warm')).release()
heldUntil = Date.now() + 1_200
const ann = acquire(anns, 'north').then(async (lock) => [lock.token, await enter(anns, 'north', lock, 'ann')])
await later(1_100)
const lock = await acquire(bobs, 'north')
await later(400)
const bob = [lock.token, await enter(bobs, 'north', lock, 'bob')]
const [annsToken] = await ann
if (bob[1] === -1)
  console.log(`shown: Bob took the lock last, and was refused with token ${bob[0]}, for Ann had ${annsToken}`)
process.exit(bob[1] === -1 ? 1 : 0)
