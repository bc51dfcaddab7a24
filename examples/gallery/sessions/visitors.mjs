// A visitor with four tabs: one puts things into the cart, the others look at it. Usage: visitors.mjs APP-HOST:PORT
const [app] = process.argv.slice(2)
const first = await fetch(`http://${app}/cart`, { headers: { 'X-Tab': 'first' } })
await first.text()
const cookie = first.headers.get('set-cookie').split(';')[0]
const end = Date.now() + 3_000

async function tab(name, method, path) {
  while (Date.now() < end) {
    const reply = await fetch(`http://${app}${path}`, { method, headers: { cookie, 'X-Tab': name } })
    await reply.text()
    await new Promise((next) => setTimeout(next, Math.random() * 20))
  }
}
const looking = [1, 2, 3].map((i) => tab(`looks-${i}`, 'GET', '/cart'))
await Promise.all([tab('puts', 'POST', '/cart/items'), ...looking])
