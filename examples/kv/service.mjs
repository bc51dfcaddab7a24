// A key-value service that knows nothing of chaos: GET and PUT /kv/KEY, the value as plain text.
import { createServer } from 'node:http'

const values = new Map()

createServer(async (request, response) => {
  const key = request.url.slice('/kv/'.length)
  if (request.method === 'PUT') {
    let value = ''
    for await (const chunk of request) value += chunk
    values.set(key, value)
    response.writeHead(204).end()
  } else if (values.has(key)) response.writeHead(200).end(values.get(key))
  else response.writeHead(404).end()
}).listen(Number(process.argv[2]), '127.0.0.1', () => console.log('ready'))
