// Eight customers each move money between their own two accounts. Usage: customers.mjs BANK-HOST:PORT
const [bank] = process.argv.slice(2)
const end = Date.now() + 7_000

async function customer(number) {
  const headers = { 'X-Client': `customer-${number}` }
  const body = JSON.stringify({ from: `account-${2 * number - 1}`, to: `account-${2 * number}`, amount: 1 })
  while (Date.now() < end) {
    await fetch(`http://${bank}/transfers`, { method: 'POST', headers, body }).then((reply) => reply.text())
    // A random pause, so that a fault hits some customers before their COMMIT and others after it.
    await new Promise((next) => setTimeout(next, Math.random() * 100))
  }
  await fetch(`http://${bank}/accounts`, { headers }).then((reply) => reply.text())
}
await Promise.all(Array.from({ length: 8 }, (_, i) => customer(i + 1)))
