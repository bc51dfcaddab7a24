// A bank in PostgreSQL: GET /accounts, POST /transfers. Usage: bank.mjs HOST:PORT POSTGRES-HOST:PORT pool|client
import { createServer } from 'node:http'
import pg from 'pg'

const [listen = '', postgres = '', mode = 'pool'] = process.argv.slice(2)
const [pgHost, pgPort] = postgres.split(':')
const pool = new pg.Pool({ host: pgHost, port: Number(pgPort), user: 'postgres', database: 'postgres', max: 4 })
pool.on('error', () => {})
await pool.query('CREATE TABLE accounts (name text PRIMARY KEY, balance int CHECK (balance >= 0))')
await pool.query("INSERT INTO accounts VALUES ('ann', 100), ('bob', 100)")

/** Each query of a pool may go over another connection: BEGIN over one, UPDATE over a second, ROLLBACK over a third. */
async function transfer({ from, to, amount }) {
  const client = mode === 'client' ? await pool.connect() : pool
  try {
    await client.query('BEGIN')
    try {
      await client.query('UPDATE accounts SET balance = balance + $1 WHERE name = $2', [amount, to])
      await client.query('UPDATE accounts SET balance = balance - $1 WHERE name = $2', [amount, from])
      await client.query('COMMIT')
    } catch (error) {
      await client.query('ROLLBACK')
      throw error
    }
  } finally {
    if (mode === 'client') client.release()
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
    // 23514: the balance would be negative. 40P01: two transfers waited for one another. Nothing was done either way.
    response.writeHead(['23514', '40P01'].includes(error.code) ? 409 : 500).end(error.message)
  }
}).listen(Number(port), host)
