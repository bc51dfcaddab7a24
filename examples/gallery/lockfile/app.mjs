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

/** What a garbage collector, a hypervisor or a swapping machine does: nothing runs here for a while. */
const stopTheWorld = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
const count = () => (existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0)
let visits = 0

async function visit() {
  const release = await lockfile.lock(file, options)
  try {
    const read = count()
    visits++
    if (cluster.worker.id === 1 && visits === 5) stopTheWorld(PAUSE_MS)
    // No reader sees half of it.
    const aside = `${file}.${randomUUID()}`
    writeFileSync(aside, `${read + 1}`)
    renameSync(aside, file)
  } finally {
    // One that was taken over is no longer its own.
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
  // Otherwise connections would end after the pause, with requests in them.
  server.keepAliveTimeout = 60_000
  server.listen(Number(port), host)
}
