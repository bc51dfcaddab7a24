// One writer and four readers of each of 100 profiles, at the same time. Usage: clients.mjs APP-HOST:PORT
const [app] = process.argv.slice(2)
const ask = (key, client, method, body) =>
  fetch(`http://${app}/profiles/${key}`, { method, body, headers: { 'X-Client': `${client}` } }).then((reply) =>
    reply.text(),
  )
const pause = (ms) => new Promise((next) => setTimeout(next, ms))

async function round(key) {
  const read = (reader) => pause(Math.random() * 20).then(() => ask(key, reader, 'GET'))
  const write = ask(key, 'writer', 'PUT', JSON.stringify({ name: `name-${key}` }))
  await Promise.all([write, ...['ann', 'bob', 'cy', 'dee'].map(read)])
}
for (let key = 0; key < 100; key += 10) await Promise.all(Array.from({ length: 10 }, (_, i) => round(key + i)))
