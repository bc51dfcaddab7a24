// A bank in PostgreSQL: GET /accounts, POST /transfers {"from","to","amount","id"}.
// Usage: bank.mjs HOST:PORT POSTGRES-HOST:PORT blind|once
import { createServer } from 'node:http'
import pg from 'pg'

const [listen = '', postgres = '', mode = 'blind'] = process.argv.slice(2)
const [pgHost, pgPort] = postgres.split(':')
const pool = new pg.Pool({ host: pgHost, port: Number(pgPort), user: 'postgres', database: 'postgres' })
pool.on('error', () => {})

const NAMES = ['a', 'b', 'c', 'd']
await pool.query('CREATE TABLE IF NOT EXISTS account (name text PRIMARY KEY, balance int NOT NULL)')
await pool.query('CREATE TABLE IF NOT EXISTS done (id text PRIMARY KEY)')
for (const name of NAMES) await pool.query('INSERT INTO account VALUES ($1, 10000) ON CONFLICT DO NOTHING', [name])

async function transfer({ from, to, amount, id }) {
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    // With `once`, the transaction also stores the id of the transfer, so that a repeated request moves no money.
    const isNew =
      mode === 'blind' ||
      (await client.query('INSERT INTO done VALUES ($1) ON CONFLICT DO NOTHING', [id])).rowCount === 1
    if (isNew)
      for (const [name, change] of [
        [from, -amount],
        [to, amount],
      ].sort())
        await client.query('UPDATE account SET balance = balance + $2 WHERE name = $1', [name, change])
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK')
    throw error
  } finally {
    client.release()
  }
}

async function accounts() {
  const { rows } = await pool.query('SELECT name, balance FROM account')
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
