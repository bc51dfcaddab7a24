// A bank in PostgreSQL: GET /accounts, POST /transfers. A transfer whose connection breaks is tried again.
// Usage: bank.mjs HOST:PORT POSTGRES-HOST:PORT blind|named
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import pg from 'pg'

const [listen = '', postgres = '', mode = 'blind'] = process.argv.slice(2)
const [pgHost, pgPort] = postgres.split(':')
const pool = new pg.Pool({ host: pgHost, port: Number(pgPort), user: 'postgres', database: 'postgres', max: 20 })
pool.on('error', () => {})
pool.on('connect', (client) => client.on('error', () => {}))
await pool.query('CREATE TABLE accounts (name text PRIMARY KEY, balance int)')
await pool.query('CREATE TABLE done (transfer uuid PRIMARY KEY)')
await pool.query("INSERT INTO accounts SELECT 'account-' || i, 1000 FROM generate_series(1, 16) i")

const MOVE = `UPDATE accounts SET balance = balance + CASE name WHEN $1 THEN -$3::int ELSE $3::int END
  WHERE name IN ($1, $2)`

async function attempt(id, { from, to, amount }) {
  const client = await pool.connect()
  let broken = true
  try {
    await client.query('BEGIN')
    const { rowCount } =
      mode === 'named'
        ? await client.query('INSERT INTO done VALUES ($1) ON CONFLICT DO NOTHING', [id])
        : { rowCount: 1 }
    // The id is already stored if an earlier attempt was committed and only its answer was lost.
    if (rowCount === 1) await client.query(MOVE, [from, to, amount])
    await client.query('COMMIT')
    broken = false
  } finally {
    client.release(broken)
  }
}

async function transfer(wanted) {
  const id = randomUUID()
  for (let attempts = 1; ; attempts++) {
    try {
      return await attempt(id, wanted)
    } catch (error) {
      if (attempts === 5) throw error
    }
  }
}

const accounts = async () => {
  const { rows } = await pool.query('SELECT name, balance FROM accounts')
  return Object.fromEntries(rows.map(({ name, balance }) => [name, balance]))
}

const [host, port] = listen.split(':')
createServer(async (request, response) => {
  let body = ''
  for await (const chunk of request) body += chunk
  try {
    if (request.method === 'POST') await transfer(JSON.parse(body))
    response.end(JSON.stringify(request.method === 'POST' ? {} : { accounts: await accounts() }))
  } catch (error) {
    response.writeHead(500).end(error.message)
  }
}).listen(Number(port), host)
