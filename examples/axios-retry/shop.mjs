// Passes orders on with axios-retry. Usage: shop.mjs HOST:PORT ORDERS-HOST:PORT blind|keyed
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import axios from 'axios'
import axiosRetry from 'axios-retry'

const [listen = '', orders = '', mode = 'blind'] = process.argv.slice(2)
const client = axios.create({ baseURL: `http://${orders}` })
// By default anything is asked again after a network error, a POST too.
axiosRetry(client)

const [host, port] = listen.split(':')
createServer(async ({ method, url }, response) => {
  const headers = mode === 'keyed' && method === 'POST' ? { 'Idempotency-Key': randomUUID() } : {}
  try {
    const { data } = await client.request({ method, url, headers })
    response.end(JSON.stringify(data))
  } catch (error) {
    response.writeHead(504).end(error.message)
  }
}).listen(Number(port), host)
