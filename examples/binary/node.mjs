// A register for each key, replicated on every node. Each node sends all its copies to its peers every 20 ms, and the
// copy with the greatest counter wins. The store is eventually consistent. This command finds a stale read:
// chaos fuzz --binary 'node examples/binary/node.mjs' --expect linearizable --seeds 20
import { createInterface } from 'node:readline'

const EVERY_MS = 20
const values = new Map()
let me
let peers = []

const isNewer = (one, other) => one.at > other.at || (one.at === other.at && one.by > other.by)

/** Stores a copy if it is newer than the known one. Returns whether it is. */
function learn(key, copy) {
  const known = values.get(key)
  if (known !== undefined && !isNewer(copy, known)) return false
  values.set(key, copy)
  return true
}

function step(event) {
  const effects = []
  const keep = (key, copy) => {
    if (learn(key, copy)) effects.push({ type: 'persist', record: [key, copy] })
  }
  switch (event.type) {
    case 'init':
      values.clear()
      me = event.id
      peers = event.peers
      for (const [key, copy] of event.journal) learn(key, copy)
      return [{ type: 'setTimer', timer: 'gossip', afterMs: EVERY_MS }]
    case 'timer':
      for (const to of peers) effects.push({ type: 'send', to, message: [...values] })
      return [...effects, { type: 'setTimer', timer: 'gossip', afterMs: EVERY_MS }]
    case 'message':
      for (const [key, copy] of event.message) keep(key, copy)
      return effects
    case 'request': {
      const { f, key = '', value } = event.input
      const known = values.get(key)
      const reply = (result) => effects.push({ type: 'reply', requestId: event.requestId, result })
      if (f === 'write') keep(key, { at: (known?.at ?? 0) + 1, by: me, value })
      if (f === 'cas') reply({ type: 'fail', error: 'this store has none' })
      else reply({ type: 'ok', value: f === 'read' ? (known?.value ?? null) : value })
      return effects
    }
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const status = { role: 'copy', leads: false, ready: true }
  process.stdout.write(`${JSON.stringify({ effects: step(JSON.parse(line)), status, reusable: true })}\n`)
}
