// For five seconds, visits pages, without retries, and reads their counts. Usage: visitors.mjs APP-HOST:PORT
const [app] = process.argv.slice(2)
const end = Date.now() + 5_000

async function visitor(name) {
  for (let visit = 0; Date.now() < end; visit++) {
    const method = visit % 4 === 3 ? 'GET' : 'POST'
    const reply = await fetch(`http://${app}/visits/page-${visit % 3}`, { method, headers: { 'X-Visitor': name } })
    await reply.text()
    await new Promise((next) => setTimeout(next, 5))
  }
}
await Promise.all(['ann', 'bob', 'cy', 'dee'].map(visitor))
