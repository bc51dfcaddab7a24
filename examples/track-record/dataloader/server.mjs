// Profiles in a database, read in batches through one DataLoader for the whole process. GET /profiles/ID returns {"name": NAME};
// PUT with {"name": NAME} changes it in the database, and clears it from the loader.
import { createServer } from 'node:http'
import DataLoader from 'dataloader'

const database = new Map()
const way = () => new Promise((next) => setTimeout(next, 1 + 3 * Math.random()))

const loader = new DataLoader(
  async (ids) => {
    await way()
    const names = ids.map((id) => database.get(id) ?? null)
    await way()
    return names
  },
  { batchScheduleFn: (dispatch) => setTimeout(dispatch, 3) },
)

createServer(async (request, response) => {
  const id = request.url.slice('/profiles/'.length)
  if (request.method === 'GET') return response.end(JSON.stringify({ name: await loader.load(id) }))
  let body = ''
  for await (const chunk of request) body += chunk
  const { name } = JSON.parse(body)
  await way()
  database.set(id, name)
  await way()
  loader.clear(id)
  response.end('{}')
}).listen(Number(process.env.PORT))
