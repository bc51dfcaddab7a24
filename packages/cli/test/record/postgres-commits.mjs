import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'

// Eight clients count in four rows, two in each, and reconnect after a connection that broke or does not answer.
// node postgres-commits.mjs PORT locked|unlocked

const [port, mode] = process.argv.slice(2)
const end = Date.now() + 6_000
const lock = mode === 'locked' ? ' FOR UPDATE' : ''

async function connected(name) {
  const client = new pg.Client({
    ...{ host: '127.0.0.1', port: Number(port), user: 'tester', database: 'postgres', application_name: name },
    ...{ connectionTimeoutMillis: 1_000, query_timeout: 400 },
  })
  client.on('error', () => {})
  await client.connect()
  return client
}

async function count(number) {
  let client
  const id = 1 + (number % 4)
  while (Date.now() < end)
    try {
      client ??= await connected(`client ${number}`)
      await client.query('BEGIN')
      const { rows } = await client.query(`SELECT id, balance FROM accounts WHERE id = $1${lock}`, [id])
      await client.query('UPDATE accounts SET balance = $1 WHERE id = $2', [rows[0].balance + 1, id])
      await client.query('COMMIT')
      await delay(2)
    } catch {
      client?.end().catch(() => {})
      client = undefined
      await delay(50)
    }
  await client?.end().catch(() => {})
}

await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(count))
