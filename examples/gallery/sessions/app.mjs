// Keeps a cart in the session of express-session. Usage: app.mjs HOST:PORT resave|changed
import express from 'express'
import session from 'express-session'

const [listen = '', mode = 'resave'] = process.argv.slice(2)
const app = express()
// One session, so that the cookie is known beforehand to whoever reads the cart in the end.
const one = { secret: 'not a secret', genid: () => 'the-cart', saveUninitialized: true }
// With `resave` the end of every request saves the session as it was when that request began.
app.use(session({ ...one, resave: mode === 'resave' }))

app.post('/cart/items', ({ session }, response) => {
  session.items = (session.items ?? 0) + 1
  response.json({ items: session.items })
})
app.get('/cart', ({ session }, response) => {
  const { items = 0 } = session
  // What a page looks up besides.
  setTimeout(() => response.json({ items }), Math.random() * 20)
})

const [host, port] = listen.split(':')
app.listen(Number(port), host)
