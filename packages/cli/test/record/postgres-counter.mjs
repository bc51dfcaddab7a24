import pg from 'pg'

// Increments one counter, like services that share a pool of connections.
// node postgres-counter.mjs PORT added|apart|together|locked

const [port, way] = process.argv.slice(2)
const pool = new pg.Pool({ host: '127.0.0.1', port: Number(port), user: 'tester', database: 'postgres', max: 4 })
const READ = 'SELECT n FROM counters WHERE name = $1'
const WRITE = 'UPDATE counters SET n = $1 WHERE name = $2'

async function add(name) {
  if (way === 'added') return pool.query('UPDATE counters SET n = n + 1 WHERE name = $1', [name])
  if (way === 'apart') {
    const { rows } = await pool.query(READ, [name])
    return pool.query(WRITE, [rows[0].n + 1, name])
  }
  const client = await pool.connect()
  await client.query('BEGIN')
  const { rows } = await client.query(way === 'locked' ? `${READ} FOR UPDATE` : READ, [name])
  await client.query(WRITE, [rows[0].n + 1, name])
  await client.query('COMMIT')
  client.release()
}

await Promise.all(
  ['a', 'b', 'c', 'd'].map(async () => {
    for (let i = 0; i < 20; i++) {
      await add('hits')
      if (i % 5 === 0) await pool.query(READ, ['hits'])
    }
  }),
)
await pool.end()
