// Four customers move money, and try again when they get no answer. Usage: customers.mjs BANK-HOST:PORT
import { randomUUID } from 'node:crypto'

const [bank] = process.argv.slice(2)
const end = Date.now() + 3_000
const names = ['a', 'b', 'c', 'd']

async function send(path, options) {
  for (let attempt = 1; ; attempt++) {
    try {
      const reply = await fetch(`http://${bank}${path}`, { ...options, signal: AbortSignal.timeout(2_000) })
      return await reply.text()
    } catch (error) {
      if (attempt === 5) throw error
    }
  }
}

async function customer(number) {
  const headers = { 'X-Client': `customer-${number}` }
  for (let turn = 1; Date.now() < end; turn++) {
    const wanted = { from: names[number], to: names[(number + turn) % 4], amount: number * 4 + turn, id: randomUUID() }
    if (wanted.from !== wanted.to) await send('/transfers', { method: 'POST', headers, body: JSON.stringify(wanted) })
    await send('/accounts', { headers })
    await new Promise((next) => setTimeout(next, 50))
  }
}
await Promise.all(names.map((_, number) => customer(number)))
