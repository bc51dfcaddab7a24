// Puts a mail for each order into a queue. Usage: shop.mjs REDIS-HOST:PORT plain|named
import { Queue } from 'bullmq'

const [redis = '', mode = 'plain'] = process.argv.slice(2)
const [host, port] = redis.split(':')
const queue = new Queue('mails', { connection: { host, port: Number(port) } })
queue.on('error', () => {})

const end = Date.now() + 4_000
let orders = 0
async function till() {
  while (Date.now() < end) {
    const order = ++orders
    // BullMQ ignores a job whose id it knows, also if the client repeats the command because the answer was lost.
    await queue.add('mail', { order }, mode === 'named' ? { jobId: `order-${order}` } : {})
    await new Promise((next) => setTimeout(next, 10))
  }
}
await Promise.all([till(), till(), till(), till()])
await queue.close()
// Leaves the worker time to finish.
await new Promise((next) => setTimeout(next, 1_000))
