import { expect, test } from 'vitest'
import { actionsFor, doneAlready } from '../../src/browser/actions.ts'
import type { Hello } from '../../src/browser/frames.ts'

const hello = {
  nodes: ['n1', 'n2', 'n3'],
  meshed: true,
  kinds: [
    { kind: 'kill', summary: '', on: ['nodes'] },
    { kind: 'pause', summary: '', on: [], refused: 'it is not ours' },
    { kind: 'partition', summary: '', on: ['links', 'clients'] },
    { kind: 'latency', summary: '', on: ['clients'] },
  ],
} as unknown as Hello

test('on the live page, the labels of the actions for several selected nodes name these nodes', () => {
  const actions = actionsFor({ type: 'nodes', nodes: ['n1', 'n2'] }, hello)
  expect(actions.map(({ label }) => label)).toEqual([
    'Kill {n1 n2}',
    'Cut {n1 n2} from n3',
    'Cut {n1 n2} from clients',
    'Delay clients of {n1 n2} by 300 ms',
  ])
})

test('the actions offered for a link are cuts in both directions, and in each direction alone', () => {
  const actions = actionsFor({ type: 'link', from: 'n1', to: 'n2' }, hello)
  expect(actions.map(({ fault }) => fault.links)).toEqual([['n1>n2', 'n2>n1'], ['n1>n2'], ['n2>n1']])
})

test('an action is marked as done while its fault is in force', () => {
  const [, cut] = actionsFor({ type: 'nodes', nodes: ['n3'] }, hello)
  const row = { id: 'f1', kind: 'partition', text: '', byHand: true, nodes: [], from: 0 }
  const links = ['n1>n3', 'n3>n1', 'n2>n3', 'n3>n2']
  expect(doneAlready(cut!, [{ ...row, links }])?.id).toBe('f1')
  expect(doneAlready(cut!, [{ ...row, links, to: 5 }])).toBeUndefined()
  expect(doneAlready(cut!, [{ ...row, links: links.slice(1) }])).toBeUndefined()
})
