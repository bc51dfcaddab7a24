// Keeps a cart in the session of express-session. Usage: app.mjs HOST:PORT resave|changed
import express from 'express'
import session from 'express-session'

const [listen = '', mode = 'resave'] = process.argv.slice(2)
const app = express()
// A single session with a fixed id, so that a program can read the cart at the end.
const one = { secret: 'not a secret', genid: () => 'the-cart', saveUninitialized: true }
// With `resave`, every request saves its session at the end, and overwrites what other requests saved meanwhile.
app.use(session({ ...one, resave: mode === 'resave' }))

app.post('/cart/items', ({ session }, response) => {
  session.items = (session.items ?? 0) + 1
  response.json({ items: session.items })
})
app.get('/cart', ({ session }, response) => {
  const { items = 0 } = session
  // The time that the page takes for other content.
  setTimeout(() => response.json({ items }), Math.random() * 20)
})

const [host, port] = listen.split(':')
app.listen(Number(port), host)
