// Profiles in a database, behind a function that memoizee memoizes. GET /profiles/ID returns {"name": NAME}; PUT with
// {"name": NAME} changes the profile in the database, and deletes its memoized value.
import { createServer } from 'node:http'
import memoizee from 'memoizee'

const database = new Map()
const way = () => new Promise((next) => setTimeout(next, 1 + 3 * Math.random()))

async function load(id) {
  await way()
  const name = database.get(id) ?? null
  await way()
  return name
}

const profile = memoizee(load, { promise: true, primitive: true, maxAge: 200, preFetch: true })

createServer(async (request, response) => {
  const { method, url } = request
  const id = url.slice('/profiles/'.length)
  if (method === 'GET') return response.end(JSON.stringify({ name: await profile(id) }))
  let body = ''
  for await (const chunk of request) body += chunk
  const { name } = JSON.parse(body)
  await way()
  database.set(id, name)
  await way()
  profile.delete(id)
  response.end('{}')
}).listen(Number(process.env.PORT))
