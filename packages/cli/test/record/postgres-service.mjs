import { createServer } from 'node:http'
import pg from 'pg'

// Serves accounts in PostgreSQL over HTTP. GET /accounts/a returns {"balance": 5}; POST /accounts/a/deposits with
// {"amount": 2} adds to the balance. node postgres-service.mjs LISTEN DATABASE right|lost: with `lost`, a deposit
// reads, adds and writes.

const [listen, database, mode] = process.argv.slice(2)
const pool = new pg.Pool({ connectionString: database, max: 6 })
pool.on('error', () => {})

async function deposit(id, amount) {
  if (mode === 'right')
    return pool.query('UPDATE accounts SET balance = balance + $1 WHERE id = $2 RETURNING balance', [amount, id])
  const { rows } = await pool.query('SELECT balance FROM accounts WHERE id = $1', [id])
  return pool.query('UPDATE accounts SET balance = $1 WHERE id = $2 RETURNING balance', [rows[0].balance + amount, id])
}

async function bodyOf(request) {
  let text = ''
  for await (const chunk of request) text += chunk
  return JSON.parse(text)
}

const server = createServer(async (request, response) => {
  const [, , id, part] = request.url.split('/')
  const answer = (status, body) => response.writeHead(status).end(JSON.stringify(body))
  try {
    const { rows } =
      part === 'deposits'
        ? await deposit(id, (await bodyOf(request)).amount)
        : await pool.query('SELECT balance FROM accounts WHERE id = $1', [id])
    if (rows.length === 0) answer(404, { error: 'no such account' })
    else answer(200, { balance: rows[0].balance })
  } catch (error) {
    answer(500, { error: String(error) })
  }
})
const [host, port] = listen.split(':')
server.listen(Number(port), host)
