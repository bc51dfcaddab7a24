import { linkName, type TcpFault, type TrafficFault } from '@chaosproxy/faults'
import { millis } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { createEventLog } from '../../../src/control/state/events.ts'
import { createFaultBoard, type FaultToAdd } from '../../../src/control/state/fault-board.ts'
import type { InForce } from '../../../src/control/state/in-force.ts'

const LINK = { from: 'clients', to: 'db' }
const latency = (latencyMs: number, links = [LINK]): TrafficFault => ({
  ...{ kind: 'latency', latencyMs: millis(latencyMs), jitterMs: millis(0), links },
})
const halfOpen: TrafficFault = { kind: 'half-open', links: [LINK] }
const named = (name: string, fault: TrafficFault, origin: FaultToAdd['origin'] = 'api'): FaultToAdd => ({
  ...{ name, fault, origin },
})

/** A fault board. `told` lists its notifications, and `applied` lists the applied faults in order. */
function boardOf({ fails = () => false }: { readonly fails?: (fault: TrafficFault) => boolean } = {}) {
  const told: string[] = []
  const applied: (InForce & { hits: number })[] = []
  const events = createEventLog()
  events.subscribe((event) => void told.push('fault' in event ? `${event.type} ${event.fault}` : event.type))
  const journal = {
    epoch: 0,
    began: ({ name }: { readonly name: string }) => void told.push(`began ${name} in ${journal.epoch}`),
    ended: ({ name, hits }: { readonly name: string; readonly hits: number }) =>
      void told.push(`ended ${name} in ${journal.epoch} with ${hits}`),
  }
  const apply = (fault: TrafficFault): InForce => {
    if (fails(fault)) throw new Error('impossible')
    const number = applied.length
    told.push(`applied ${number}`)
    const inForce = {
      hits: 0,
      missed: 0,
      missedBecause: undefined,
      recent: [],
      remove: () => void told.push(`removed ${number}`),
      ...(fault.kind === 'latency' ? { update: (_: TcpFault) => void told.push(`updated ${number}`) } : {}),
    }
    applied.push(inForce)
    return inForce
  }
  const board = createFaultBoard({ apply }, events, journal)
  return { board, applied, journal, events, toldSince: () => told.splice(0) }
}

describe('a fault in force', () => {
  test('a fault begins in one epoch, and the next epoch begins before the removed fault releases held bytes', () => {
    const { board, toldSince, applied } = boardOf()
    board.add(named('f', halfOpen))
    applied[0]!.hits = 2
    board.remove('f')
    expect([toldSince(), board.epoch]).toEqual([
      ['applied 0', 'fault-added f', 'began f in 1', 'removed 0', 'fault-removed f', 'ended f in 2 with 2'],
      2,
    ])
  })

  test('a fault keeps its state if it is updated with the same kind and links', () => {
    const { board, toldSince, applied } = boardOf()
    board.add(named('f', latency(5)))
    applied[0]!.hits = 2
    toldSince()
    expect(board.update('f', latency(6))).toMatchObject({ hits: 2, fault: latency(6) })
    expect(toldSince()).toEqual(['updated 0', 'ended f in 2 with 2', 'began f in 2', 'fault-changed f'])
    applied[0]!.hits = 5
    board.remove('f')
    expect(toldSince().at(-1)).toBe('ended f in 3 with 3')
  })

  test.each([
    ['kind', halfOpen],
    ['links', latency(5, [{ from: 'db', to: 'clients' }])],
  ])('a fault whose %s change keeps its hits, and is applied in its new form before the old form ends', (_, fault) => {
    const { board, toldSince, applied } = boardOf()
    board.add(named('f', latency(5)))
    applied[0]!.hits = 2
    toldSince()
    expect(board.update('f', fault).hits).toBe(2)
    expect(toldSince()).toEqual(['applied 1', 'removed 0', 'ended f in 2 with 2', 'began f in 2', 'fault-changed f'])
    applied[1]!.hits = 3
    expect(board.get('f').hits).toBe(5)
    board.remove('f')
    expect(toldSince().at(-1)).toBe('ended f in 3 with 3')
  })

  test('a fault of the kind reset ends immediately, and is not kept in the list of faults', () => {
    const { board, toldSince } = boardOf()
    board.add(named('f', { kind: 'reset', links: [LINK] }))
    expect([toldSince(), board.list()]).toEqual([
      ['applied 0', 'fault-added f', 'began f in 1', 'ended f in 1 with 0'],
      [],
    ])
  })

  test('the hits of a fault are reported when they have changed', () => {
    const { board, toldSince, applied, events } = boardOf()
    for (const name of ['f', 'g']) board.add(named(name, halfOpen))
    applied[1]!.hits = 2
    toldSince()
    board.reportHits()
    board.reportHits()
    expect([toldSince(), events.since(0).at(-1)]).toMatchObject([['fault-hit g'], { fault: 'g', hits: 2 }])
  })

  test('when the network closes, each fault is reported as removed, but its effect is not undone', () => {
    const { board, toldSince } = boardOf()
    board.add(named('f', halfOpen))
    toldSince()
    board.close()
    expect([toldSince(), board.list()]).toEqual([['fault-removed f', 'ended f in 1 with 0'], []])
  })

  test.each([
    [100, /l99>db$/],
    [101, /l99>db and 1 more$/],
  ])('the name of a fault with %i links lists at most 100 links', (count, what) => {
    const { board, events } = boardOf()
    const links = Array.from({ length: count }, (_, i) => ({ from: `l${i}`, to: 'db' }))
    board.add(named('f', latency(5, links)))
    expect(events.since(0).at(-1)).toMatchObject({ what: expect.stringMatching(what) })
    expect(links.map(linkName).at(-1)).toBe(`l${count - 1}>db`)
  })
})

describe('a set of rules', () => {
  const rule = (name: string, fault = latency(5)) => named(name, fault, 'rules')

  test('a set of rules replaces only what has changed, in one epoch, and new faults begin before old ones end', () => {
    const { board, toldSince } = boardOf()
    board.add(named('other', halfOpen))
    board.replaceAll('rules', [rule('kept'), rule('gone'), rule('changed')])
    toldSince()
    board.replaceAll('rules', [rule('kept'), rule('changed', latency(6)), rule('new')])
    expect([toldSince().filter((text) => !text.startsWith('fault-')), board.epoch]).toEqual([
      [
        ...['applied 4', 'applied 5', 'removed 2', 'ended gone in 3 with 0', 'removed 3', 'ended changed in 3 with 0'],
        ...['began changed in 3', 'began new in 3'],
      ],
      3,
    ])
    expect(board.list().map(({ name }) => name)).toEqual(['other', 'kept', 'changed', 'new'])
  })

  test('a set of rules changes nothing if one of its faults is impossible or has a name that is taken', () => {
    const { board, toldSince } = boardOf({ fails: ({ kind }) => kind === 'half-open' })
    board.add(named('other', latency(5)))
    toldSince()
    expect(() => board.replaceAll('rules', [rule('a'), rule('b', halfOpen)])).toThrow('impossible')
    expect(toldSince()).toEqual(['applied 1', 'removed 1'])
    expect(() => board.replaceAll('rules', [rule('a'), rule('other')])).toThrow(
      'there is a fault "other" already (api)',
    )
    expect(() => board.replaceAll('rules', [rule('a'), rule('a')])).toThrow('the fault "a" is named twice')
    expect([toldSince(), board.epoch, board.list().length]).toEqual([[], 1, 1])
  })
})
