import { millisToNanos } from '@chaosproxy/history'
import { defineFault } from '../../../../faults/src/definition/definition.ts'
import { ms, type ValuesOf } from '../../../../faults/src/definition/parameter.ts'
import type { Injectable } from '../../../../node-simulator/src/world/blows.ts'
import type { HttpRule } from '../../../../proxy/src/http/http-rule.ts'
import type { Draft } from '../../../../proxy/src/http/request-harms.ts'
import type { Effect } from '../../../../proxy/src/link/rule.ts'
import type { Fate } from '../../../../proxy/src/messages/harms.ts'
import type { World } from '../../../../simulator/src/blows.ts'
import type { Passage, Placed, TroubledLink } from '../../../../simulator/src/message-troubles.ts'
import type { Victim } from '../../../../targets/src/network/node-harms.ts'

// A fault of each family, as its file in `kinds` would declare it, with its line in the table of each world.

export const stallRequest = defineFault({
  kind: 'stall-request',
  summary: 'make the request wait at the door',
  parameters: { stallMs: ms('how long it waits') },
})

type Stall = ValuesOf<typeof stallRequest.parameters>

export const stallInProxy = (draft: Draft, { stallMs }: Stall, rule: HttpRule): Effect => {
  draft.delay = { durationMs: stallMs, rule }
  return 'acts'
}

export const stallInSimulator = {
  changes({ stallMs }: Stall, { standing }: Placed, _: TroubledLink, passage: Passage): void {
    standing.hits++
    passage.delay += millisToNanos(stallMs)
  },
}

export const swallowMessage = defineFault({
  kind: 'swallow-message',
  summary: 'swallow the message whole',
  parameters: {},
})

export const swallowInProxy = (fate: Fate): Fate => ({ ...fate, copies: [] })

export const swallowInSimulator = {
  stops(_: object, { standing }: Placed): 'lost' {
    standing.hits++
    return 'lost'
  },
}

export const freeze = defineFault({
  kind: 'freeze',
  summary: 'freeze the node until it thaws',
  stopsNodes: true,
  parameters: {},
  describe: (_, nodes) => `${nodes} frozen`,
})

export const freezeProcess = { strike: (node: Victim) => node.pause(), heal: (node: Victim) => node.resume() }

export function freezeInSimulator({ nodes }: { readonly nodes: readonly string[] }, world: World): () => number {
  const frozen = nodes.flatMap((id) => world.nodes.get(id) ?? [])
  for (const node of frozen) node.pause()
  return () => {
    for (const node of frozen) node.resume()
    return frozen.length
  }
}

export function freezeProgram({ nodes }: { readonly nodes: readonly string[] }, { world }: Injectable): () => number {
  for (const id of nodes) world.paused.set(id, [])
  return () => {
    for (const id of nodes) world.resume(id)
    return nodes.length
  }
}

/** Declared, and carried out nowhere. */
export const stumble = defineFault({ kind: 'stumble', summary: 'trip the node up', parameters: {} })
