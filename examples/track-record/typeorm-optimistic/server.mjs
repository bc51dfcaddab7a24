import { createServer } from 'node:http'
import { open } from './accounts.mjs'

const { deposit, balance, isConflict } = await open(process.env.DATABASE_URL, process.env.CURED === 'yes')

createServer(async ({ method, url }, response) => {
  const name = url.split('/')[2]
  try {
    if (method === 'POST') await deposit(name)
    response.end(JSON.stringify(method === 'POST' ? {} : { balance: await balance(name) }))
  } catch (error) {
    // Another deposit came between: nothing was written.
    response.writeHead(isConflict(error) ? 409 : 500).end(error.message)
  }
}).listen(Number(process.env.PORT))
