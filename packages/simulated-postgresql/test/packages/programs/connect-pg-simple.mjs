import { promisify } from 'node:util'
import connect from 'connect-pg-simple'
import session from 'express-session'

const Store = connect(session)
const store = new Store({
  conString: process.env.DATABASE_URL,
  createTableIfMissing: true,
  pruneSessionInterval: false,
})
const [set, get, touch, destroy] = ['set', 'get', 'touch', 'destroy'].map((name) => promisify(store[name]).bind(store))
const cookie = { maxAge: 60_000, expires: new Date(Date.now() + 60_000) }
await set('one', { cookie, user: 'ann' })
await set('one', { cookie, user: 'bob' })
await touch('one', { cookie, user: 'bob' })
console.log((await get('one')).user)
await destroy('one')
console.log(await get('one'))
await store.close()
