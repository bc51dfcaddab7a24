// Logins in sessions of express-session, which connect-redis stores. POST /login logs in, POST /logout destroys the
// session, and GET /me returns who is logged in. GET /me also counts its views in the session, as some pages do.
// "PAGES=look": GET /me does not change the session.
import { RedisStore } from 'connect-redis'
import express from 'express'
import session from 'express-session'
import { createClient } from 'redis'

const client = createClient({ url: process.env.REDIS_URL })
client.on('error', () => {})
await client.connect()

const app = express()
app.use(express.json())
// One session, so that clients know its cookie beforehand.
const one = { secret: 'not a secret', genid: () => 'the-cart', resave: false, saveUninitialized: false }
app.use(session({ ...one, store: new RedisStore({ client }) }))

app.post('/login', ({ session, body }, response) => {
  session.user = body.user
  session.save((error) => response.status(error ? 500 : 200).end())
})
app.post('/logout', ({ session }, response) => {
  session.destroy((error) => response.status(error ? 500 : 200).end())
})
app.get('/me', async ({ session }, response) => {
  const { user = null } = session
  // The time that the page takes for other content.
  await new Promise((shown) => setTimeout(shown, 10))
  if (process.env.PAGES !== 'look' && user !== null) session.views = (session.views ?? 0) + 1
  response.json({ user })
})

app.listen(Number(process.env.PORT))
