// A mail service that answers every request after 20 ms. Usage: mail.mjs HOST:PORT
import { createServer } from 'node:http'

const [host, port] = (process.argv[2] ?? '').split(':')
createServer((request, response) => {
  request.resume().on('end', () => setTimeout(() => response.writeHead(204).end(), 20))
}).listen(Number(port), host)
