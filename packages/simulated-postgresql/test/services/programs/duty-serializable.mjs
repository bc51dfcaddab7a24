// A service with doctors on call, built on pg and express. Its transactions are SERIALIZABLE, and it retries them.
import express from 'express'
import pg from 'pg'

const pool = new pg.Pool({ max: 5 })
pool.on('error', (error) => console.error('idle client', error.message))
pool.on('connect', (client) => client.on('error', (error) => console.error('client', error.message)))

const RETRIED = new Set(['40001', '40P01'])

async function serializable(work) {
  for (let attempt = 1; ; attempt += 1) {
    const client = await pool.connect()
    let broken
    try {
      await client.query('BEGIN ISOLATION LEVEL SERIALIZABLE')
      const result = await work(client)
      await client.query('COMMIT')
      return result
    } catch (error) {
      await client.query('ROLLBACK').catch((failure) => {
        broken = failure
      })
      if (attempt === 5 || !RETRIED.has(error.code)) throw error
    } finally {
      client.release(broken)
    }
  }
}

const app = express()

app.use(express.json())

app.get('/doctors/:name', async (request, response) => {
  const { rows } = await pool.query('SELECT on_call FROM doctors WHERE name = $1', [request.params.name])
  if (rows.length === 0) response.status(404).json({ error: 'no such doctor' })
  else response.json(rows[0])
})

app.post('/doctors/:name/leave', async (request, response) => {
  const { name } = request.params
  const { deputy } = request.body
  const doctor = await serializable(async (client) => {
    const { rows } = await client.query('SELECT on_call FROM doctors WHERE name = $1', [deputy])
    if (!rows[0]?.on_call) return { on_call: true }
    await client.query('INSERT INTO changes (doctor, deputy) VALUES ($1, $2)', [name, deputy])
    const left = await client.query('UPDATE doctors SET on_call = false WHERE name = $1 RETURNING on_call', [name])
    return left.rows[0]
  })
  response.json(doctor)
})

app.post('/doctors/:name/return', async (request, response) => {
  const { rows } = await serializable((client) =>
    client.query('UPDATE doctors SET on_call = true WHERE name = $1 RETURNING on_call', [request.params.name]),
  )
  response.json(rows[0])
})

app.listen(Number(process.env['PORT'] ?? 3000))
