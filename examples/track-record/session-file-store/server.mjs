// Keeps a cart in the session of express-session, in a file. POST /cart/items puts one item into it, GET /cart looks at it.
// "STORE=careful": a request that has only looked at the session leaves its file alone.
import express from 'express'
import session from 'express-session'
import FileStore from 'session-file-store'

const Store = FileStore(session)
const store = new Store({ path: './sessions', reapInterval: -1, retries: 1, logFn() {} })
// The cure removes the store's function `touch`, which reads an unchanged session and writes it back. A session then
// expires unless requests change it.
if (process.env.STORE === 'careful') store.touch = undefined
const app = express()
// One session, so that clients know its cookie beforehand.
app.use(session({ store, secret: 'not a secret', genid: () => 'the-cart', resave: false, saveUninitialized: false }))

// Requests that add an item run one after another; requests that look at the cart do not wait.
let last = Promise.resolve()
app.post('/cart/items', (request, response) => {
  last = last.then(
    () =>
      new Promise((done) => {
        request.session.reload(() => {
          request.session.items = (request.session.items ?? 0) + 1
          request.session.save((error) => {
            response.status(error ? 500 : 200).end()
            done()
          })
        })
      }),
  )
})
app.get('/cart', ({ session }, response) => {
  response.json({ items: session.items ?? 0 })
})

app.listen(Number(process.env.PORT))
