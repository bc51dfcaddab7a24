// For five seconds, sends orders, without retries, and asks for their number. Usage: customers.mjs SHOP-HOST:PORT
const [shop] = process.argv.slice(2)
const end = Date.now() + 5_000

async function customer(name) {
  for (let i = 0; Date.now() < end; i++) {
    const method = i % 4 === 3 ? 'GET' : 'POST'
    const reply = await fetch(`http://${shop}/orders/${name}`, { method, headers: { 'X-Customer': name } })
    await reply.text()
    await new Promise((next) => setTimeout(next, 5))
  }
}
await Promise.all(['ann', 'bob', 'cy', 'dee'].map(customer))
