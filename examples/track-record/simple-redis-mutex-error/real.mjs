// A real Redis is killed while a child process waits for a lock. Usage: real.mjs [cured]
import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { setTimeout as later } from 'node:timers/promises'
import { createClient } from 'redis'

const [mode, port] = process.argv.slice(2)
const url = (redisPort) => `redis://127.0.0.1:${redisPort}`

if (mode === 'child' || mode === 'child-cured') {
  const { lock, tryLock } = await import('simple-redis-mutex')
  const redis = createClient({ url: url(port) })
  redis.on('error', () => {})
  await redis.connect()
  process.send('ready')
  // Many attempts are under way when Redis ends. Their errors are caught.
  for (;;) {
    const one = mode === 'child' ? lock(redis, 'page', { failAfter: 300 }) : tryLock(redis, 'page')
    await Promise.race([one.catch(() => {}), later(1)])
  }
}

const free = createServer()
const redisPort = await new Promise((next) => free.listen(0, '127.0.0.1', () => next(free.address().port)))
await new Promise((next) => free.close(next))
const server = spawn('redis-server', ['--port', String(redisPort), '--save', '', '--bind', '127.0.0.1'])
process.on('exit', () => server.kill('SIGKILL'))
for (let up = false; !up; await later(50)) {
  const client = createClient({ url: url(redisPort), socket: { reconnectStrategy: false } })
  client.on('error', () => {})
  up = await client.connect().then(
    () => true,
    () => false,
  )
  client.destroy()
}
const child = spawn(
  process.execPath,
  [import.meta.filename, mode === 'cured' ? 'child-cured' : 'child', String(redisPort)],
  {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  },
)
const ended = new Promise((next) => child.once('exit', next))
await new Promise((next) => child.once('message', next))
await later(200)
// Redis is stopped for a moment, so that sent commands have no answer when it is killed.
server.kill('SIGSTOP')
await later(500)
server.kill('SIGKILL')
const code = await Promise.race([ended, later(5_000)])
child.kill('SIGKILL')
if (code !== undefined)
  console.log(`shown: Redis ended, and so did a process that waited for a lock, with code ${code}`)
process.exit(code === undefined ? 0 : 1)
