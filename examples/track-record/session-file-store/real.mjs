// One process of express with session-file-store: one tab puts items into the cart, one after the other, while others
// look at it. Usage: real.mjs [cured]
import { spawn } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const port = await new Promise((resolve) => {
  const server = createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address()
    server.close(() => resolve(port))
  })
})
const env = { ...process.env, PORT: port, ...(process.argv[2] === 'cured' ? { STORE: 'careful' } : {}) }
const entry = fileURLToPath(new URL('server.mjs', import.meta.url))
const child = spawn(process.execPath, [entry], { env, cwd: mkdtempSync(join(tmpdir(), 'real-')), stdio: 'inherit' })
const headers = { cookie: 'connect.sid=s%3Athe-cart.NKwfO%2BA6xnytnqp2DaR3Cw0zX%2Bytbd7%2FY%2FxOcAthqV0' }
const ask = (path, method = 'GET') => fetch(`http://127.0.0.1:${port}${path}`, { method, headers })
const look = async () => (await (await ask('/cart')).json()).items

let lost = ''
try {
  for (const end = Date.now() + 20_000; Date.now() < end; await wait(50))
    if ((await ask('/cart').catch(() => ({}))).ok) break
  let puts = 0
  const end = Date.now() + 15_000
  const isGoingOn = () => Date.now() < end && lost === ''
  const looking = Array.from({ length: 6 }, async () => {
    while (isGoingOn()) await look()
  })
  while (isGoingOn()) {
    puts++
    await ask('/cart/items', 'POST')
    const items = await look()
    if (items < puts) lost = `${puts} items were put into the cart, one after the other, and ${items} are in it`
  }
  await Promise.all(looking)
} finally {
  child.kill('SIGKILL')
}
if (lost !== '') console.log(`shown: ${lost}`)
process.exit(lost === '' ? 0 : 1)
