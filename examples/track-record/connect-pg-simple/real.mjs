// Three processes use an empty PostgreSQL. Their first requests come at the same time, as after a first deployment.
// Usage: real.mjs [cured]
import { execFileSync, spawn } from 'node:child_process'
import { chownSync, mkdtempSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'

const BIN = process.env.PG_BIN ?? '/usr/lib/postgresql/15/bin'
const started = []
const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
async function until(met) {
  for (const end = Date.now() + 30_000; Date.now() < end; await wait(50)) if (await met().catch(() => false)) return
  throw new Error('waited 30 s in vain')
}

async function main() {
  // PostgreSQL refuses to run as root.
  const as = process.getuid() === 0 ? { uid: Number(execFileSync('id', ['-u', 'postgres'])), gid: 0 } : {}
  const dir = mkdtempSync(join(tmpdir(), 'real-'))
  if (as.uid !== undefined) chownSync(dir, as.uid, 0)
  const data = join(dir, 'data')
  execFileSync(join(BIN, 'initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '-N'], { ...as, stdio: 'ignore' })
  const pgPort = await freePort()
  const flags = ['-D', data, '-p', pgPort, '-h', '127.0.0.1', '-k', dir, '-F']
  started.push(spawn(join(BIN, 'postgres'), flags, { ...as, stdio: 'ignore' }))
  const connection = { host: '127.0.0.1', port: pgPort, user: 'postgres', database: 'postgres' }
  const pool = new pg.Pool(connection)
  await until(() => pool.query('SELECT 1'))

  const env = { ...process.env, PGHOST: '127.0.0.1', PGPORT: pgPort, PGUSER: 'postgres', PGDATABASE: 'postgres' }
  if (process.argv[2] === 'cured') env.TABLE = 'first'
  const headers = { cookie: 'connect.sid=s%3Athe-cart.NKwfO%2BA6xnytnqp2DaR3Cw0zX%2Bytbd7%2FY%2FxOcAthqV0' }
  for (let round = 1; round <= 4; round++) {
    await pool.query('DROP TABLE IF EXISTS session')
    const nodes = await Promise.all(
      Array.from({ length: 3 }, async () => {
        const port = await freePort()
        const child = spawn(process.execPath, ['server.mjs'], { env: { ...env, PORT: port }, stdio: 'ignore' })
        started.push(child)
        const url = `http://127.0.0.1:${port}`
        await until(() => fetch(`${url}/nothing`))
        return { child, url }
      }),
    )
    const cart = ({ url }) =>
      fetch(`${url}/cart`, { headers }).then(
        ({ status }) => status,
        () => 'ended',
      )
    await Promise.all(nodes.map(cart))
    // After this time, the table exists.
    await wait(100)
    const statuses = await Promise.all(nodes.map(cart))
    for (const { child } of nodes) child.kill('SIGKILL')
    if (statuses.every((status) => status === 200)) continue
    console.log(`shown: the table is there, and the three processes answer ${statuses.join(' and ')} (round ${round})`)
    await pool.end()
    return 1
  }
  await pool.end()
  return 0
}

const code = await main().finally(() => {
  for (const child of started) child.kill('SIGKILL')
})
process.exit(code)
