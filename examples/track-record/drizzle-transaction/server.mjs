import { createServer } from 'node:http'
import { open } from './shop.mjs'

const { sell, sold } = open(process.env.DATABASE_URL, process.env.CURED === 'yes')

createServer(async ({ method, url }, response) => {
  const item = url.split('/')[2]
  try {
    if (method === 'POST') await sell(item)
    response.end(JSON.stringify(method === 'POST' ? {} : { sold: await sold(item) }))
  } catch (error) {
    response.writeHead(500).end(error.message)
  }
}).listen(Number(process.env.PORT))
