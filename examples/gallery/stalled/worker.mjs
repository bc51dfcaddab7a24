// Works on an order, during which the process is stopped for three seconds, and then sends the mails for the order.
// Usage: worker.mjs HOST:PORT REDIS-HOST:PORT MAIL-HOST:PORT bull|bee-queue again|never|once
import { spawn } from 'node:child_process'
import { createServer } from 'node:http'

const [listen = '', redis = '', mail = '', name = '', mode = 'again'] = process.argv.slice(2)
const [redisHost, redisPort] = redis.split(':')
const connection = { host: redisHost, port: Number(redisPort) }
const send = (name) => fetch(`http://${mail}/mails`, { method: 'POST', body: JSON.stringify({ mail: name }) })

/** Stops this process for three seconds, as when a virtual machine migrates or a laptop lid is closed. */
function pauseThisProcess() {
  spawn('sh', ['-c', `sleep 3; kill -CONT ${process.pid}`], { detached: true, stdio: 'ignore' })
  process.kill(process.pid, 'SIGSTOP')
}

/** Marks the mails for an order as sent in Redis, before they are sent. Returns false if they were marked already. */
async function isFirst(order) {
  if (mode !== 'once') return true
  const { createClient } = await import('redis')
  const client = createClient({ socket: connection })
  await client.connect()
  const answer = await client.set(`sent:${order}`, 'yes', { NX: true })
  await client.quit()
  return answer === 'OK'
}

async function work({ data: { order } }) {
  pauseThisProcess()
  await new Promise((next) => setTimeout(next, 200))
  if (await isFirst(order)) await Promise.all([send(`${order} to the customer`), send(`${order} to the shop`)])
}

const queues = {
  // By default, Bull runs a job once more if its worker seems to have died. If `maxStalledCount` is 0, the job fails.
  async bull() {
    const { default: Queue } = await import('bull')
    const maxStalledCount = mode === 'never' ? 0 : 1
    const settings = { lockDuration: 1_000, stalledInterval: 500, maxStalledCount }
    new Queue('orders', { redis: connection, settings }).on('error', () => {}).process(work)
  },
  async 'bee-queue'() {
    const { default: Queue } = await import('bee-queue')
    const queue = new Queue('orders', { redis: connection, stallInterval: 1_000 })
    queue.on('error', () => {}).process(work)
    setInterval(() => queue.checkStalledJobs().catch(() => {}), 500)
  },
}
await queues[name]()

// Listens only to show that the worker has started.
const [host, port] = listen.split(':')
createServer((_, response) => response.end()).listen(Number(port), host)
