// Visitors who want the same name at the same time, each through another process of the app.
// Usage: visitors.mjs APP-HOST:PORT OTHER-APP-HOST:PORT
const apps = process.argv.slice(2)
const headers = { 'content-type': 'application/json' }

for (let name = 0; name < 50; name++) {
  const asked = apps.map((app, i) => {
    const body = JSON.stringify({ owner: `visitor-${i}` })
    const more = { method: 'POST', headers: { ...headers, 'X-Visitor': `visitor-${i}` }, body }
    return fetch(`http://${app}/names/name-${name}`, more).then((reply) => reply.text())
  })
  await Promise.all(asked)
}
