// Keeps a cart in a session of express-session. Sessions are rows of PostgreSQL; connect-pg-simple creates their table
// if it is missing. "TABLE=first": this program creates the table before it uses the store.
import connectPgSimple from 'connect-pg-simple'
import express from 'express'
import session from 'express-session'
import pg from 'pg'

const pool = new pg.Pool({ max: 4 })
pool.on('error', () => {})
const isCured = process.env.TABLE === 'first'
if (isCured) {
  const create = `SELECT pg_advisory_xact_lock(1);
    CREATE TABLE IF NOT EXISTS session (sid varchar PRIMARY KEY, sess json NOT NULL, expire timestamp(6) NOT NULL)`
  await pool.query(create)
}
const Store = connectPgSimple(session)
const store = new Store({ pool, createTableIfMissing: !isCured, pruneSessionInterval: false, errorLog() {} })

const app = express()
// One session, so that clients know its cookie beforehand.
app.use(session({ store, secret: 'not a secret', genid: () => 'the-cart', resave: false, saveUninitialized: false }))
app.post('/cart/items', async ({ session }, response) => {
  session.items = (session.items ?? 0) + 1
  response.end()
})
app.get('/cart', ({ session }, response) => {
  response.json({ items: session.items ?? 0 })
})

// Once the table exists, tries the store again. If the store fails even then, it fails for the rest of this process, so
// the error is thrown.
app.use(async (error, _request, response, _next) => {
  response.status(500).end()
  const { rows } = await pool.query("SELECT to_regclass('session') IS NOT NULL AS there")
  if (!rows[0].there) return
  await new Promise((next) => setTimeout(next, 200))
  store.get('the-cart', (again) => {
    if (again) throw new Error(`the table is there, and the store still says: ${again.message}`, { cause: error })
  })
})
app.listen(Number(process.env.PORT))
