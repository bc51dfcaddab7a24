import express from 'express'
import { copyToPeers, decides, passOn } from './peers.mjs'

const values = new Map()
const app = express()
app.use(express.json())
app.put('/copy/:key', (request, response) => {
  values.set(request.params.key, request.body.value)
  response.json({})
})
app.get('/kv/:key', async (request, response) => {
  response.json(decides ? { value: values.get(request.params.key) ?? null } : await passOn(request.url, 'GET'))
})
app.put('/kv/:key', async (request, response) => {
  const { body, params, url } = request
  if (!decides) return response.json(await passOn(url, 'PUT', body))
  values.set(params.key, body.value)
  await copyToPeers(params.key, body)
  response.json({ value: body.value })
})
app.use((_error, _request, response, _next) => response.status(500).json({}))
app.listen(Number(process.env.PORT))
