// A register for each key on every node; copies are passed on by a timer, and the latest counter wins. Copies agree in the end:
// chaos fuzz --binary 'node examples/binary/node.mjs' --expect linearizable --seeds 20    finds that a read may be stale
import { createInterface } from 'node:readline'

const EVERY_MS = 20
const values = new Map()
let me
let peers = []

const isNewer = (one, other) => one.at > other.at || (one.at === other.at && one.by > other.by)

/** True if the copy was news. */
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
