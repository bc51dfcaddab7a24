import { createServer } from 'node:http'
import { copyToPeers, decides, passOn } from './peers.mjs'

const values = new Map()

async function bodyOf(request) {
  let text = ''
  for await (const chunk of request) text += chunk
  return text === '' ? undefined : JSON.parse(text)
}

async function answer({ url, method }, body) {
  const [, kind, key] = url.split('/')
  if (kind === 'copy') values.set(key, body.value)
  else if (!decides) return passOn(url, method, body)
  else if (method === 'PUT') {
    values.set(key, body.value)
    await copyToPeers(key, body)
  }
  return { value: values.get(key) ?? null }
}

createServer(async (request, response) => {
  response.setHeader('content-type', 'application/json')
  try {
    response.end(JSON.stringify(await answer(request, await bodyOf(request))))
  } catch {
    response.writeHead(500).end('{}')
  }
}).listen(Number(process.env.PORT))
