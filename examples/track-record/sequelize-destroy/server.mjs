import { createServer } from 'node:http'
import { open } from './orders.mjs'

const orders = open(process.env.DATABASE_URL, process.env.CURED === 'yes')

// POST /orders/NAME/pay, POST /orders/NAME/cancel
createServer(async ({ url }, response) => {
  const [, , name, change] = url.split('/')
  try {
    const isDone = await (change === 'pay' ? orders.pay(name) : orders.cancel(name))
    if (isDone === null) response.writeHead(409)
    response.end(JSON.stringify({ isDone }))
  } catch (error) {
    response.writeHead(500).end(error.message)
  }
}).listen(Number(process.env.PORT))
