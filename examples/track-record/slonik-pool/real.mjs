// Two connections are lost during a query; the pool has two. Usage: real.mjs [cured]
import { createPool, sql } from 'slonik'
import { startPostgres } from '../postgres.mjs'
import { forwarder } from './forward.mjs'

const server = await startPostgres()
let losses = 0
const forward = await forwarder(server.port, (text) => text.includes('SELECT 1') && losses < 2 && ++losses > 0)
const url = `postgres://postgres@127.0.0.1:${forward.port}/postgres`
let pool = await createPool(url, { maximumPoolSize: 2 })
const asked = () =>
  Promise.race([
    pool.oneFirst(sql.unsafe`SELECT 1`).then(
      () => 'answered',
      (error) => error.message,
    ),
    new Promise((resolve) => setTimeout(resolve, 10_000, 'waits')),
  ])
const answers = [await asked(), await asked()]
// The cure: another pool.
if (process.argv[2] === 'cured') pool = await createPool(url, { maximumPoolSize: 2 })
answers.push(await asked())
const state = JSON.stringify(pool.state())
await server.stop()
const isShown = answers[2] === 'waits'
console.log(
  isShown ? `shown: after two losses, a query has waited for 10 s: ${state}` : `not shown: ${answers.join(', ')}`,
)
process.exit(isShown ? 1 : 0)
