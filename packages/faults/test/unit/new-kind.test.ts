import { nodeNames, parametersOf, tcpFamily } from '@chaosproxy/faults'
import { expect, test } from 'vitest'
import { defineFault } from '../../src/definition/definition.ts'
import { defineFamily } from '../../src/definition/family.ts'
import { ms } from '../../src/definition/parameter.ts'

/** This declaration is all that a new kind of fault needs, except an entry in its family's list of kinds. */
const hiccup = defineFault({
  kind: 'hiccup',
  summary: 'everything stands still now and then',
  parameters: { pauseMs: ms('for how long') },
})

const family = defineFamily({ ...tcpFamily, noun: 'fault', kinds: [...tcpFamily.kinds, hiccup] })
const links = nodeNames(2).map((to) => `clients>${to}`)

test('a declaration is enough for a new kind of fault to be parsed, typed, listed and suggested', () => {
  const fault = family.parse({ kind: 'hiccup', links, pauseMs: 5, when: { first: 1 } }, 'x')
  expect(family.has('hiccup') && family.owns(fault)).toBe(true)
  if (fault.kind === 'hiccup') expect(fault.pauseMs satisfies number).toBe(5)
  expect(parametersOf(hiccup.parameters)).toMatchObject([{ name: 'pauseMs', unit: 'ms', summary: 'for how long' }])
  expect(() => family.parse({ kind: 'hicup', links }, 'x')).toThrow('Did you mean hiccup?')
  expect(() => family.parse({ kind: 'hiccup', links }, 'x')).toThrow(
    'x: hiccup needs "pauseMs" of milliseconds: for how long.',
  )
})
