#!/usr/bin/env node
const node = require('./node.cjs')

// Broadcast along the topology, each message to each neighbour until it is acknowledged. Wrong: it is sent once. Forgets: one
// message in ten is acknowledged and dropped.

const wrong = process.argv.includes('wrong')
const forgets = process.argv.includes('forgets')
const messages = new Set()
let neighbours = []

node.on('topology', (request) => {
  neighbours = request.body.topology[node.id]
  node.reply(request, { type: 'topology_ok' })
})

node.on('read', (request) => node.reply(request, { type: 'read_ok', messages: [...messages] }))

node.on('broadcast', (request) => {
  const { message } = request.body
  if (request.body.msg_id !== undefined) node.reply(request, { type: 'broadcast_ok' })
  if (messages.has(message)) return
  if (forgets && message % 10 === 0) return
  messages.add(message)
  for (const dest of neighbours) {
    if (dest === request.src) continue
    if (wrong) node.send(dest, { type: 'broadcast', message })
    else node.retry(dest, { type: 'broadcast', message })
  }
})

node.main()
