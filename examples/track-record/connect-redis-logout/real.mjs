// One process with a redis-server. A user logs out while the process generates a page that counts its views in the
// session.
// Usage: real.mjs [cured]
import { spawn } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
const started = []
const headers = {
  cookie: 'connect.sid=s%3Athe-cart.NKwfO%2BA6xnytnqp2DaR3Cw0zX%2Bytbd7%2FY%2FxOcAthqV0',
  'content-type': 'application/json',
}

async function main() {
  const [redisPort, port] = [await freePort(), await freePort()]
  const dir = mkdtempSync(join(tmpdir(), 'real-'))
  const flags = ['--port', redisPort, '--bind', '127.0.0.1', '--save', '', '--dir', dir]
  started.push(spawn('redis-server', flags, { stdio: 'ignore' }))
  const env = { ...process.env, PORT: port, REDIS_URL: `redis://127.0.0.1:${redisPort}` }
  if (process.argv[2] === 'cured') env.PAGES = 'look'
  started.push(spawn(process.execPath, ['server.mjs'], { env, stdio: 'inherit' }))
  const ask = (path, method = 'GET', body) => fetch(`http://127.0.0.1:${port}${path}`, { method, headers, body })
  const me = async () => (await (await ask('/me')).json()).user
  for (const end = Date.now() + 30_000; Date.now() < end; await wait(50))
    if ((await ask('/me').catch(() => ({}))).ok) break
  for (let round = 1; round <= 40; round++) {
    await ask('/login', 'POST', JSON.stringify({ user: round }))
    const pages = [me(), me()]
    if (round % 3 > 0) await wait(round % 3)
    const { ok } = await ask('/logout', 'POST')
    await Promise.all(pages)
    const user = await me()
    if (!ok || user === null) continue
    console.log(`shown: user ${user} has logged out, and is still logged in (round ${round})`)
    return 1
  }
  return 0
}

const code = await main().finally(() => {
  for (const child of started) child.kill('SIGKILL')
})
process.exit(code)
