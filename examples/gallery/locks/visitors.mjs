// Visitors of the app. For four seconds, they send requests to both of its processes: three of four requests add a
// visit to a page (POST), and the fourth reads the page's count (GET).
// Usage: visitors.mjs APP-HOST:PORT OTHER-APP-HOST:PORT
const apps = process.argv.slice(2)
const end = Date.now() + 4_000

async function visitor(app, i) {
  for (let visit = 0; Date.now() < end; visit++) {
    const method = visit % 4 === 3 ? 'GET' : 'POST'
    const reply = await fetch(`http://${app}/visits/home`, { method, headers: { 'X-Visitor': `visitor-${i}` } })
    await reply.text()
    await new Promise((next) => setTimeout(next, 5))
  }
}
await Promise.all([...apps, ...apps].map(visitor))
