// Starts the service on port 20080, and lets ten clients use it through the proxy in front of it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'

const service = spawn(process.execPath, [new URL('service.mjs', import.meta.url).pathname, '20080'])
await once(service.stdout, 'data')

async function useIt(client) {
  for (let i = 0; i < 50; i++) {
    const url = `http://${process.env.CHAOS_PROXY_N1}/kv/key${i % 3}`
    if (Math.random() < 0.5) await (await fetch(url)).text()
    else await fetch(url, { method: 'PUT', body: `${client}-${i}` })
  }
}

await Promise.all(Array.from({ length: 10 }, (_, client) => useIt(client)))
service.kill()
