// Asks a service for what its name says, from several clients at once, as a load test would: node load.mjs SERVICE.
import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

const [service = ''] = process.argv.slice(2)
const ROUNDS = 40

async function freePort() {
  const server = createServer()
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}

const port = await freePort()
const program = spawn(process.execPath, [join(import.meta.dirname, `${service}.mjs`)], {
  stdio: 'inherit',
  env: { ...process.env, PORT: String(port) },
})

async function post(path, body) {
  const headers = { 'content-type': 'application/json' }
  const url = `http://127.0.0.1:${port}${path}`
  await (await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })).text()
}

const asked = {
  wallet: async () => {
    await Promise.all([1, 2, 3].map((amount) => post('/wallets/x/deposits', { amount })))
    // What an addition made of a balance is known once the balance is read.
    await (await fetch(`http://127.0.0.1:${port}/wallets/x`)).text()
  },
  duty: async () => {
    await Promise.all([post('/doctors/xa/leave', { deputy: 'xb' }), post('/doctors/xb/leave', { deputy: 'xa' })])
    for (const name of ['xa', 'xb']) await post(`/doctors/${name}/return`, {})
  },
}[service.split('-')[0] ?? '']

async function listens() {
  while (
    !(await fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => false,
    ))
  )
    await delay(50)
}

await listens()
for (let round = 0; round < ROUNDS; round += 1) await asked()
program.kill()
