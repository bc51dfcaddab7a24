// An ordinary program that uses Toxiproxy through its npm client, to delay requests to a small service.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { Toxiproxy } from 'toxiproxy-node-client'

const service = createServer((_, response) => response.end('hello')).listen(0, '127.0.0.1')
await once(service, 'listening')
const toxiproxy = new Toxiproxy('http://127.0.0.1:8474')
const proxy = await toxiproxy.createProxy({
  name: 'web',
  listen: '127.0.0.1:0',
  upstream: `127.0.0.1:${service.address().port}`,
})

async function timed(what) {
  const start = performance.now()
  await (await fetch(`http://${proxy.listen}`)).text()
  console.log(`${what}: ${Math.round(performance.now() - start)} ms`)
}

await timed('as it is')
await proxy.addToxic({ type: 'latency', attributes: { latency: 300 } })
await timed('with a toxic')
await toxiproxy.reset()
await timed('after a reset')
service.close()
service.closeAllConnections()
