// Works on an order for three seconds without letting anything else run (busy), or is paused as long (paused), and then
// sends the mails for it. Usage: worker.mjs HOST:PORT REDIS-HOST:PORT MAIL-HOST:PORT again|never busy|paused
import { spawn } from 'node:child_process'
import { createServer } from 'node:http'
import { Worker } from 'bullmq'

const [listen = '', redis = '', mail = '', mode = 'again', how = 'busy'] = process.argv.slice(2)
const [redisHost, redisPort] = redis.split(':')
const send = (name) => fetch(`http://${mail}/mails`, { method: 'POST', body: JSON.stringify({ mail: name }) })

async function work({ data: { order } }) {
  // While this goes on the lock of the job cannot be renewed, and so is lost.
  if (how === 'paused') pauseThisProcess()
  const end = Date.now() + (how === 'paused' ? 0 : 3_000)
  while (Date.now() < end);
  await Promise.all([send(`${order} to the customer`), send(`${order} to the shop`)])
}

/** As a virtual machine is paused while it moves, or a laptop whose lid is closed. */
function pauseThisProcess() {
  spawn('sh', ['-c', `sleep 3; kill -CONT ${process.pid}`], { detached: true, stdio: 'ignore' })
  process.kill(process.pid, 'SIGSTOP')
}

const worker = new Worker('orders', work, {
  connection: { host: redisHost, port: Number(redisPort) },
  // The defaults are 30 s each; shorter ones show it sooner.
  lockDuration: 1_000,
  stalledInterval: 500,
  // By default a job whose worker seems to be gone is run once more. With 0 it fails instead.
  maxStalledCount: mode === 'never' ? 0 : 1,
})
worker.on('error', () => {})

// Whoever started it sees by this that it is there.
const [host, port] = listen.split(':')
createServer((_, response) => response.end()).listen(Number(port), host)
