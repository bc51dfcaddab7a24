// Orders are paid and cancelled at the same time. Usage: real.mjs [cured]
import { readFileSync } from 'node:fs'
import pg from 'pg'
import { startPostgres } from '../postgres.mjs'
import { open } from './orders.mjs'

const server = await startPostgres()
const client = new pg.Client(server.url)
await client.connect()
await client.query(readFileSync(new URL('schema.sql', import.meta.url), 'utf8'))
await client.query(`INSERT INTO orders (name) SELECT 'more-' || number FROM generate_series(0, 59) number`)

const isCured = process.argv[2] === 'cured'
const [one, other] = [open(server.url, isCured), open(server.url, isCured)]
const told = []
for (let number = 0; number < 60; number++) {
  const name = `more-${number}`
  const [isPaid, isCancelled] = await Promise.all([one.pay(name), other.cancel(name)])
  if (isPaid && isCancelled) told.push(name)
}
const kept = await client.query('SELECT count(*)::int FROM orders WHERE name = ANY ($1) AND "isPaid"', [told])
await Promise.all([one.close(), other.close(), client.end()])
await server.stop()
console.log(
  told.length > 0
    ? `shown: of 60 orders, ${told.length} were told to be both paid and cancelled; ${kept.rows[0].count} of them are there, paid`
    : 'not shown: no order was both paid and cancelled',
)
process.exitCode = told.length > 0 ? 1 : 0
