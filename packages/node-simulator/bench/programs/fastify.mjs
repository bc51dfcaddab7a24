import Fastify from 'fastify'
import { copyToPeers, decides, passOn } from './peers.mjs'

const values = new Map()
const app = Fastify()
app.put('/copy/:key', async ({ body, params }) => {
  values.set(params.key, body.value)
  return {}
})
app.get('/kv/:key', async ({ params, url }) =>
  decides ? { value: values.get(params.key) ?? null } : passOn(url, 'GET'),
)
app.put('/kv/:key', async ({ body, params, url }) => {
  if (!decides) return passOn(url, 'PUT', body)
  values.set(params.key, body.value)
  await copyToPeers(params.key, body)
  return { value: body.value }
})
await app.listen({ port: Number(process.env.PORT), host: '0.0.0.0' })
