// Keeps a cart in the session of express-session, in a file. POST /cart/items puts one item into it, GET /cart looks at it.
// "STORE=careful": a request that has only looked at the session leaves its file alone.
import express from 'express'
import session from 'express-session'
import FileStore from 'session-file-store'

const Store = FileStore(session)
const store = new Store({ path: './sessions', reapInterval: -1, retries: 1, logFn() {} })
// The cure: nothing is read and written back where nothing has changed. Sessions then expire unless they are changed.
if (process.env.STORE === 'careful') store.touch = undefined
const app = express()
// One session, so that clients know its cookie beforehand.
app.use(session({ store, secret: 'not a secret', genid: () => 'the-cart', resave: false, saveUninitialized: false }))

// Who puts something in waits for who did so before; those who look do not.
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
