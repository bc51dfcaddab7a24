// Sends the mails in the queue: asks the mail service for each. Usage: worker.mjs HOST:PORT REDIS-HOST:PORT MAIL-HOST:PORT
import { createServer } from 'node:http'
import { Worker } from 'bullmq'

const [listen = '', redis = '', mail = ''] = process.argv.slice(2)
const [redisHost, redisPort] = redis.split(':')
const send = ({ data }) => fetch(`http://${mail}/mails`, { method: 'POST', body: JSON.stringify(data) })
const worker = new Worker('mails', send, { connection: { host: redisHost, port: Number(redisPort) }, concurrency: 4 })
worker.on('error', () => {})

// Listens only to show that the worker has started.
const [host, port] = listen.split(':')
createServer((_, response) => response.end()).listen(Number(port), host)
