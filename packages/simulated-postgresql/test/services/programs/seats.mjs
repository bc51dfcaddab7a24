// A service that books seats of shows, built on pg and node:http. An environment variable selects its isolation level.
// A booking first asks what is booked.
import { createServer } from 'node:http'
import pg from 'pg'

const pool = new pg.Pool({ max: 5 })
pool.on('error', (error) => console.error('idle client', error.message))
pool.on('connect', (client) => client.on('error', (error) => console.error('client', error.message)))

const BEGIN = `BEGIN ISOLATION LEVEL ${process.env['ISOLATION'] ?? 'READ COMMITTED'}`
const SEATS = 8

/** Whether a show has free seats. The environment variable ASKS selects the query. */
async function hasRoom(client, show) {
  switch (process.env['ASKS']) {
    case 'exists': {
      const { rows } = await client.query('SELECT EXISTS (SELECT 1 FROM bookings WHERE show = $1) AS taken', [show])
      return !rows[0].taken
    }
    case 'sum': {
      const { rows } = await client.query('SELECT coalesce(sum(seats), 0) AS booked FROM bookings WHERE show = $1', [
        show,
      ])
      return Number(rows[0].booked) < SEATS
    }
    default: {
      const { rows } = await client.query('SELECT count(*) FROM bookings WHERE show = $1', [show])
      return Number(rows[0].count) < SEATS
    }
  }
}

const RETRIED = new Set(['40001', '40P01'])

async function within(work) {
  for (let attempt = 1; ; attempt += 1) {
    const client = await pool.connect()
    let broken
    try {
      await client.query(BEGIN)
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

const book = (show, seats) =>
  within(async (client) => {
    if (!(await hasRoom(client, show))) return false
    await client.query('INSERT INTO bookings (show, seats) VALUES ($1, $2) RETURNING id', [show, seats])
    return true
  })

async function answer(request) {
  const [, , show] = request.url.split('/')
  if (request.method === 'POST') {
    let body = ''
    for await (const chunk of request) body += chunk
    return (await book(show, JSON.parse(body).seats)) ? [201, {}] : [409, {}]
  }
  const { rows } = await pool.query('SELECT coalesce(sum(seats), 0)::int AS booked FROM bookings WHERE show = $1', [
    show,
  ])
  return [200, rows[0]]
}

createServer(async (request, response) => {
  const [status, body] = await answer(request).catch((error) => [500, { error: error.message }])
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}).listen(Number(process.env['PORT'] ?? 3000))
