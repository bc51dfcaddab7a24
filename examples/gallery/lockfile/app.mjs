// Counts visits in a file that two processes share, under a lock of proper-lockfile.
// Usage: app.mjs HOST:PORT DIRECTORY STALE-MS
import cluster from 'node:cluster'
import { randomUUID } from 'node:crypto'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import lockfile from 'proper-lockfile'

const [listen = '', directory = '', stale = ''] = process.argv.slice(2)
const file = join(directory, 'visits')
const PAUSE_MS = 7_000
const retries = { retries: 1_000, factor: 1, minTimeout: 10, maxTimeout: 10 }
const options = { realpath: false, stale: Number(stale), update: 1_000, retries, onCompromised() {} }

/** Blocks this process for a while, as garbage collection, a hypervisor or swapping does. */
const stopTheWorld = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
const count = () => (existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0)
let visits = 0

async function visit() {
  const release = await lockfile.lock(file, options)
  try {
    const read = count()
    visits++
    if (cluster.worker.id === 1 && visits === 5) stopTheWorld(PAUSE_MS)
    // A rename is atomic, so no reader sees a half-written file.
    const aside = `${file}.${randomUUID()}`
    writeFileSync(aside, `${read + 1}`)
    renameSync(aside, file)
  } finally {
    // Fails if another process has taken over the lock.
    await release().catch(() => {})
  }
}

if (cluster.isPrimary) for (let i = 0; i < 2; i++) cluster.fork()
else {
  const [host, port] = listen.split(':')
  const server = createServer(async ({ method }, response) => {
    if (method === 'POST') await visit()
    response.end(JSON.stringify({ count: count() }))
  })
  // A shorter timeout would pass while the process is paused. After the pause, the server would then close connections
  // on which requests have already arrived.
  server.keepAliveTimeout = 60_000
  server.listen(Number(port), host)
}
