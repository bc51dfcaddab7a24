// Sends requests to a service from several clients at once, as a load test would. The name SERVICE determines the
// requests. `node load.mjs SERVICE` starts the service. `node load.mjs SERVICE ADDRESS` uses a running service.
import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

const [service = '', given] = process.argv.slice(2)
const ROUNDS = 40
/**
 * The maximum duration of the payments. It is long because at least one reply must be lost, and replies are lost only
 * rarely.
 */
const LONGEST_MS = 20_000

async function freePort() {
  const server = createServer()
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}

const programs = []

async function started() {
  const port = await freePort()
  const env = { ...process.env, PORT: String(port) }
  programs.push(spawn(process.execPath, [join(import.meta.dirname, `${service}.mjs`)], { stdio: 'inherit', env }))
  return `127.0.0.1:${port}`
}

const address = given ?? (await started())

async function get(path) {
  return (await fetch(`http://${address}${path}`)).json()
}

async function post(path, body = {}) {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`http://${address}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
  return response.json()
}

async function repeated(asked) {
  for (let round = 0; round < ROUNDS; round += 1) await asked(round)
}

const asked = {
  wallet: () =>
    repeated(async () => {
      await Promise.all([1, 2, 3].map((amount) => post('/wallets/x/deposits', { amount })))
      // Only this read shows the balance after the three deposits.
      await get('/wallets/x')
    }),
  duty: () =>
    repeated(async () => {
      await Promise.all([post('/doctors/xa/leave', { deputy: 'xb' }), post('/doctors/xb/leave', { deputy: 'xa' })])
      for (const name of ['xa', 'xb']) await post(`/doctors/${name}/return`)
    }),
  async jobs() {
    let queued = 0
    await repeated(async () => {
      await Promise.all([1, 2, 3].map(() => post('/mails/x')))
      queued += 3
      while ((await get('/mails/x')).sent < queued) await delay(5)
    })
  },
  // Several clients move money of one account at the same time, while others read it. Accounts that no client has used
  // come first.
  accounts: () =>
    repeated(async (round) => {
      const name = [...'xyzab'][round % 5] + (round % 10 < 5 ? '' : '-savings')
      const amounts = [15, 15, 16, 17]
      await Promise.all([
        ...amounts.map((amount) => post(`/accounts/${name}`, { amount: amount + round }).catch(() => {})),
        ...amounts.map((amount) => delay(amount - 14).then(() => get(`/accounts/${name}`).catch(() => {}))),
      ])
      await get(`/accounts/${name}`).catch(() => {})
    }),
  // Repeats until a payment was made twice.
  async payments() {
    let [asked, balance] = [0, 0]
    const end = Date.now() + LONGEST_MS
    const paying = async () => {
      while (Date.now() < end && balance <= asked) {
        asked += 1
        await post('/accounts/x/payments', { amount: 1 }).catch(() => {})
        balance = (await get('/accounts/x').catch(() => undefined))?.balance ?? balance
      }
    }
    await Promise.all([paying(), paying(), paying(), paying()])
  },
}[service.split('-')[0] ?? '']

/** A job service has two processes, which compete for jobs. Only the first one receives requests. */
if (service.startsWith('jobs')) await started()

async function listens() {
  while (
    !(await fetch(`http://${address}/`).then(
      () => true,
      () => false,
    ))
  )
    await delay(50)
}

await listens()
await asked()
for (const program of programs) program.kill()
