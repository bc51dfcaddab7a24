import { createServer } from 'node:http'
import { OptimisticLockError } from '@mikro-orm/postgresql'
import { open } from './deposits.mjs'

const { deposit, balance } = await open(process.env.DATABASE_URL, process.env.CURED === 'yes')

createServer(async ({ method, url }, response) => {
  const name = url.split('/')[2]
  try {
    if (method === 'POST') await deposit(name)
    response.end(JSON.stringify(method === 'POST' ? {} : { balance: await balance(name) }))
  } catch (error) {
    // Another deposit came between: nothing was written.
    response.writeHead(error instanceof OptimisticLockError ? 409 : 500).end(error.message)
  }
}).listen(Number(process.env.PORT))
