// Eight customers move money to and fro, sometimes more than the account has. Usage: customers.mjs BANK-HOST:PORT
const [bank] = process.argv.slice(2)

async function customer(name) {
  const headers = { 'X-Client': name }
  for (let i = 0; i < 20; i++) {
    const [from, to] = Math.random() < 0.5 ? ['ann', 'bob'] : ['bob', 'ann']
    const body = JSON.stringify({ from, to, amount: 1 + Math.floor(Math.random() * 120) })
    const reply =
      i % 5 === 4
        ? await fetch(`http://${bank}/accounts`, { headers })
        : await fetch(`http://${bank}/transfers`, { method: 'POST', headers, body })
    await reply.text()
    await new Promise((next) => setTimeout(next, 10))
  }
}
await Promise.all([...'abcdefgh'].map(customer))
