// Puts one order into the queue, and waits until it has been worked on. Usage: shop.mjs REDIS-HOST:PORT
import { Queue } from 'bullmq'

const [host, port] = (process.argv[2] ?? '').split(':')
const queue = new Queue('orders', { connection: { host, port: Number(port) } })
await queue.add('order', { order: 17 })
await new Promise((next) => setTimeout(next, 9_000))
await queue.close()
