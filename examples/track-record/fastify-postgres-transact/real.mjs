// The server ends a connection while requests are handled. Usage: real.mjs [cured]
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import pg from 'pg'
import { startPostgres } from '../postgres.mjs'
import { open } from './shop.mjs'

const [mode, url] = process.argv.slice(2)
if (url === undefined) await parent()
else await serve()

async function serve() {
  const app = await open(url, mode === 'cured')
  await app.ready()
  const statuses = new Map()
  for (let sale = 0; sale < 100; sale++) {
    const { statusCode } = await app.inject({ method: 'POST', url: '/items/x/sales' })
    statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  process.exit(0)
}

async function parent() {
  const server = await startPostgres()
  const client = new pg.Client(server.url)
  await client.connect()
  await client.query(readFileSync(new URL('schema.sql', import.meta.url), 'utf8'))
  const child = spawn(process.execPath, [process.argv[1], mode ?? 'plain', server.url], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let errors = ''
  child.stderr.on('data', (text) => {
    errors += text
  })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const others =
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = $1 AND pid <> pg_backend_pid()'
  const timer = setInterval(() => client.query(others, ['client backend']), 200)
  const code = await ended
  clearInterval(timer)
  await client.end()
  await server.stop()
  const reason = errors.match(/^(error|Error): .*/m)?.[0] ?? errors.slice(0, 200)
  console.log(code === 0 ? 'not shown: the program goes on' : `shown: the program ended with ${code}: ${reason}`)
  process.exitCode = code === 0 ? 0 : 1
}
