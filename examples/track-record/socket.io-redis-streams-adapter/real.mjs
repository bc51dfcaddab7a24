// Two processes of server.mjs use one redis-server. The connection through which the second reads the stream is cut, as
// by the restart of a load balancer. The first sends a message before the second has connected again.
// Usage: real.mjs [cured]
import { spawn } from 'node:child_process'
import { mkdtemp } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import Redis from 'ioredis'

const started = []
const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
async function until(met) {
  for (const end = Date.now() + 20_000; Date.now() < end; await wait(20)) if (await met().catch(() => false)) return
  throw new Error('waited 20 s in vain')
}

async function main() {
  const redisPort = await freePort()
  const dir = await mkdtemp(join(tmpdir(), 'real-'))
  const flags = ['--port', redisPort, '--bind', '127.0.0.1', '--save', '', '--dir', dir]
  started.push(spawn('redis-server', flags, { stdio: 'ignore' }))
  const admin = new Redis(redisPort, '127.0.0.1')
  admin.on('error', () => {})
  await until(() => admin.ping())
  const readers = async () => (await admin.client('LIST')).split('\n').filter((line) => line.includes('cmd=xread'))

  const urls = []
  for (const count of [1, 2]) {
    const port = await freePort()
    const env = { ...process.env, PORT: port, REDIS_URL: `redis://127.0.0.1:${redisPort}` }
    if (process.argv[2] === 'cured') env.READERS = 'from-first'
    started.push(spawn(process.execPath, ['server.mjs'], { env, stdio: 'inherit' }))
    urls.push(`http://127.0.0.1:${port}/rooms/x`)
    await until(async () => (await fetch(urls.at(-1))).ok)
    await until(async () => (await readers()).length === count)
  }
  // The newest reading connection is that of the second server.
  const ids = (await readers()).map((line) => Number(/^id=(\d+)/.exec(line)[1]))
  await admin.client('KILL', 'ID', Math.max(...ids))
  await fetch(urls[0], { method: 'POST', body: JSON.stringify({ said: 1 }) })
  await until(async () => (await readers()).length === 2)
  // Once the second server has heard this later message, an earlier message that it has not heard is lost.
  await fetch(urls[0], { method: 'POST', body: JSON.stringify({ said: 2 }) })
  const heard = async () => (await (await fetch(urls[1])).json()).heard
  await until(async () => (await heard()).includes(2))
  const lost = !(await heard()).includes(1)
  if (lost) console.log(`shown: the second server heard ${JSON.stringify(await heard())}, the stream has 1 and 2`)
  return lost ? 1 : 0
}

const code = await main().finally(() => {
  for (const child of started) child.kill('SIGKILL')
})
process.exit(code)
