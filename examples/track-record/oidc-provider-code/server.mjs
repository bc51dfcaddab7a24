import { createServer } from 'node:http'
import { Redis } from 'ioredis'
import { open } from './provider.mjs'

const { NODE_ID, PORT, REDIS_URL } = process.env
const client = new Redis(REDIS_URL).on('error', () => {})
const { listener, issue, redeem } = open({
  client,
  isCured: process.env.CURED === 'yes',
  issuer: 'http://issuer.example',
})

// The first node issues eight codes; the others wait for them.
if (NODE_ID === 'n1') await client.rpush('codes', ...(await Promise.all(Array.from({ length: 8 }, issue))))
while ((await client.llen('codes')) === 0) await new Promise((resolve) => setTimeout(resolve, 10))

// POST /redemptions/code-NUMBER redeems a code at the token endpoint. The provider answers all other requests.
createServer(async (request, response) => {
  if (!request.url.startsWith('/redemptions/')) return listener(request, response)
  try {
    const code = await client.lindex('codes', request.url.split('-')[1])
    const { status } = await redeem(`http://${NODE_ID}:${PORT}`, code)
    response.end(JSON.stringify({ isGranted: status === 200 }))
  } catch (error) {
    response.writeHead(500).end(error.message)
  }
}).listen(Number(PORT))
