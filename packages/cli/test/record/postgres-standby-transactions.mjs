import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'

// Clients write to a primary, and read from the primary and from its standby.
// node postgres-standby-transactions.mjs PRIMARY STANDBY late|fork

const [primary, standby, what] = process.argv.slice(2)

async function connected(port, name) {
  const client = new pg.Client({
    ...{ host: '127.0.0.1', port: Number(port), user: 'tester', database: 'postgres', application_name: name },
  })
  await client.connect()
  return client
}

const [one, other, here, there] = await Promise.all([
  connected(primary, 'one'),
  connected(primary, 'other'),
  connected(primary, 'here'),
  connected(standby, 'there'),
])
const set = (client, id, balance) => client.query('UPDATE accounts SET balance = $1 WHERE id = $2', [balance, id])

async function read(client) {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
  const { rows } = await client.query('SELECT id, balance FROM accounts WHERE id = ANY ($1)', [[1, 2]])
  await client.query('COMMIT')
  return rows
}

await Promise.all([here, there].map(read))
if (what === 'late')
  for (let n = 1; n <= 300; n++) {
    await set(one, 1, n)
    await read(there)
  }
else {
  // Commits wait for a synchronous standby. The standby `there` is asynchronous, and shows the commit before the
  // primary does.
  await one.query("SET synchronous_commit = 'on'")
  const first = set(one, 1, 100)
  while ((await read(there)).every(({ balance }) => balance === 0)) await delay(20)
  await set(other, 2, 200)
  await read(here)
  await other.query("ALTER SYSTEM SET synchronous_standby_names = ''")
  await other.query('SELECT pg_reload_conf()')
  await first
}
await Promise.all([one, other, here, there].map((client) => client.end()))
