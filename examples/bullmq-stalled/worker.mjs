// Works on an order for three seconds, and then sends the mails for it. During the work, the event loop is blocked
// (busy) or the process is stopped (paused).
// Usage: worker.mjs HOST:PORT REDIS-HOST:PORT MAIL-HOST:PORT again|never busy|paused
import { spawn } from 'node:child_process'
import { createServer } from 'node:http'
import { Worker } from 'bullmq'

const [listen = '', redis = '', mail = '', mode = 'again', how = 'busy'] = process.argv.slice(2)
const [redisHost, redisPort] = redis.split(':')
const send = (name) => fetch(`http://${mail}/mails`, { method: 'POST', body: JSON.stringify({ mail: name }) })

async function work({ data: { order } }) {
  // The worker cannot renew the lock of its job during these three seconds, so the lock expires.
  if (how === 'paused') pauseThisProcess()
  const end = Date.now() + (how === 'paused' ? 0 : 3_000)
  while (Date.now() < end);
  await Promise.all([send(`${order} to the customer`), send(`${order} to the shop`)])
}

/** Stops this process for three seconds, as when a virtual machine migrates or a laptop lid is closed. */
function pauseThisProcess() {
  spawn('sh', ['-c', `sleep 3; kill -CONT ${process.pid}`], { detached: true, stdio: 'ignore' })
  process.kill(process.pid, 'SIGSTOP')
}

const worker = new Worker('orders', work, {
  connection: { host: redisHost, port: Number(redisPort) },
  // `lockDuration` and `stalledInterval` are 30 s each by default. With these values, the lock expires sooner.
  lockDuration: 1_000,
  stalledInterval: 500,
  // By default, a job whose worker seems to have died is run once more. With 0, it fails instead.
  maxStalledCount: mode === 'never' ? 0 : 1,
})
worker.on('error', () => {})

// Listens only to show that the worker has started.
const [host, port] = listen.split(':')
createServer((_, response) => response.end()).listen(Number(port), host)
