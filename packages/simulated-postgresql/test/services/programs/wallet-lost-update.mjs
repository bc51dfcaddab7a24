// A service with wallets, built on pg and express. A deposit reads the balance and writes the new one, so two deposits
// may read the same balance.
import express from 'express'
import pg from 'pg'

const pool = new pg.Pool({ max: 5 })
pool.on('error', (error) => console.error('idle client', error.message))
pool.on('connect', (client) => client.on('error', (error) => console.error('client', error.message)))

async function transaction(work) {
  const client = await pool.connect()
  let failure
  try {
    await client.query('BEGIN')
    const result = await work(client)
    await client.query('COMMIT')
    return result
  } catch (error) {
    failure = error
    throw error
  } finally {
    client.release(failure)
  }
}

const app = express()
app.use(express.json())

app.get('/wallets/:name', async (request, response) => {
  const { rows } = await pool.query('SELECT balance FROM wallets WHERE name = $1', [request.params.name])
  if (rows.length === 0) response.status(404).json({ error: 'no such wallet' })
  else response.json(rows[0])
})

app.post('/wallets/:name/deposits', async (request, response) => {
  const { name } = request.params
  const { amount } = request.body
  const balance = await transaction(async (client) => {
    const { rows } = await client.query('SELECT balance FROM wallets WHERE name = $1', [name])
    const after = rows[0].balance + amount
    await client.query('INSERT INTO deposits (wallet, amount) VALUES ($1, $2)', [name, amount])
    await client.query('UPDATE wallets SET balance = $1 WHERE name = $2', [after, name])
    return after
  })
  response.status(201).json({ balance })
})

app.listen(Number(process.env['PORT'] ?? 3000))
