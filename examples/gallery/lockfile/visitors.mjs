// Visits over and over, and looks at the count. Usage: visitors.mjs APP-HOST:PORT
const [app] = process.argv.slice(2)
const end = Date.now() + 10_000

async function visitor(i) {
  for (let visit = 0; Date.now() < end; visit++) {
    const method = visit % 4 === 3 ? 'GET' : 'POST'
    const reply = await fetch(`http://${app}/visits/home`, { method, headers: { 'X-Visitor': `visitor-${i}` } })
    await reply.text()
    await new Promise((next) => setTimeout(next, 20))
  }
}
await Promise.all([0, 1, 2, 3].map(visitor))
