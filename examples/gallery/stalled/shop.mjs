// Puts one order into the queue, and waits until it has been worked on. Usage: shop.mjs REDIS-HOST:PORT bull|bee-queue
const [redis = '', name = ''] = process.argv.slice(2)
const [host, port] = redis.split(':')
const connection = { host, port: Number(port) }
if (name === 'bull') {
  const { default: Queue } = await import('bull')
  await new Queue('orders', { redis: connection }).add({ order: 17 })
} else {
  const { default: Queue } = await import('bee-queue')
  await new Queue('orders', { redis: connection, isWorker: false }).createJob({ order: 17 }).save()
}
await new Promise((next) => setTimeout(next, 9_000))
process.exit()
