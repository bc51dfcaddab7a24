import type { Completion } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { findProtocol } from '../../src/index.ts'
import { createNodes, ok, read, write } from '../nodes.ts'

// Lamport, Shostak & Pease, "The Byzantine Generals Problem", 1982.

const protocol = findProtocol('generals')!
const FOUR = ['n1', 'n2', 'n3', 'n4']
const BATTLES = [1, 2, 3, 4, 5, 6, 7, 8]

/** Returns the decisions of these generals after some battles whose rounds have all ended. */
function fight(
  generals: readonly string[],
  chosen: { readonly bug?: string; readonly [setting: string]: string | undefined },
) {
  const { bug, ...settings } = chosen
  const nodes = createNodes(protocol.create({ bug, settings: settings as { [setting: string]: string } }), generals)
  for (const [battle, value] of BATTLES.entries()) {
    nodes.ask('n1', write(`battle ${battle}`, value))
    nodes.deliver()
    for (const general of generals) nodes.ring(general, `battle ${battle}`)
    nodes.deliver()
  }
  const done = (general: string): (Completion | undefined)[] =>
    BATTLES.map((_, battle) => nodes.reply(nodes.ask(general, read(`battle ${battle}`))))
  return Object.fromEntries(generals.map((general) => [general, done(general)]))
}

const ordered = BATTLES.map((value) => ok(value))

test('without a traitor, every general carries out the order', () => {
  for (const messages of ['oral', 'signed']) {
    const done = fight(FOUR, { messages, traitor: 'none' })
    for (const general of FOUR) expect(done[general]).toEqual(ordered)
  }
})

test('IC2: "if the commanding general is loyal, then every loyal lieutenant obeys the order he sends"', () => {
  const oral = fight(FOUR, { messages: 'oral', traitor: 'lieutenant' })
  for (const general of ['n1', 'n2', 'n3']) expect(oral[general]).toEqual(ordered)
  const signed = fight(['n1', 'n2', 'n3'], { messages: 'signed', traitor: 'lieutenant' })
  for (const general of ['n1', 'n2']) expect(signed[general]).toEqual(ordered)
})

test('IC1: "all loyal lieutenants obey the same order", even if the commander sends each a different order', () => {
  for (const messages of ['oral', 'signed']) {
    const { n2, n3, n4 } = fight(FOUR, { messages, traitor: 'commander' })
    expect(n3).toEqual(n2)
    expect(n4).toEqual(n2)
  }
})

test('three generals tolerate one traitor only if messages are signed', () => {
  const { n2 } = fight(FOUR, { messages: 'oral', traitor: 'lieutenant', bug: 'three-generals' })
  expect(n2).not.toEqual(ordered)
  expect(protocol.impossible?.({}, 3)).toMatch('with oral messages 3m + 1 are needed for m traitors')
  expect(protocol.impossible?.({ messages: 'signed' }, 3)).toBeUndefined()
  expect(protocol.impossible?.({ messages: 'signed' }, 2)).toMatch('use 3 or more')
  expect(protocol.impossible?.({ traitor: 'none' }, 1)).toBeUndefined()
})

test('with the bug trust-commander, loyal lieutenants may carry out different orders', () => {
  const { n2, n3, n4 } = fight(FOUR, { traitor: 'commander', bug: 'trust-commander' })
  expect([n3, n4]).not.toEqual([n2, n2])
})

test('with the bug unverified-signatures, a lieutenant can forge an order of the commander', () => {
  const { n2 } = fight(['n1', 'n2', 'n3'], { messages: 'signed', bug: 'unverified-signatures' })
  expect(n2).not.toEqual(ordered)
})
