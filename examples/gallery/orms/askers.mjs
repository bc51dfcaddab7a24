// Four owners ask for the same name at the same time, for 50 names in turn. Usage: askers.mjs APP-HOST:PORT
const [app] = process.argv.slice(2)

async function ask(name, owner) {
  const headers = { 'content-type': 'application/json', 'X-Visitor': owner }
  const reply = await fetch(`http://${app}/names/${name}`, { method: 'POST', headers, body: JSON.stringify({ owner }) })
  await reply.text()
}

const owners = ['ann', 'ben', 'cas', 'dan']
for (let name = 0; name < 50; name++) await Promise.all(owners.map((owner) => ask(`name-${name}`, owner)))
