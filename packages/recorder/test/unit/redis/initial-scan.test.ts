import { type Json, UserError } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { commandSet } from '../../../src/redis/command-set.ts'
import { readRespInitially } from '../../../src/redis/resp-recorder.ts'
import { recorded } from '../../redis/recorded.ts'

const WHOLE: { readonly [command: string]: Json } = {
  'SCAN 0 COUNT 1000': ['7', ['x', 'h']],
  'SCAN 7 COUNT 1000': ['0', ['l', { base64: '/w==' }, 'e']],
  'TYPE x': 'string',
  'GET x': '1',
  'TYPE h': 'hash',
  'HKEYS h': ['f', { base64: '/w==' }, 'g'],
  'HMGET h f g': ['1', '2'],
  'TYPE l': 'list',
  'TYPE e': 'hash',
  'HKEYS e': [],
  'PTTL x': -1,
  'PTTL h': 5000,
  'PTTL l': -1,
  'PTTL e': -2,
}

/** Starts a recording that reads the initial values from a server with these answers. */
async function scanned(answers: { readonly [command: string]: Json }, model = 'register') {
  const commands = commandSet({ model })
  const recording = recorded({ initial: 'read', commands, answer: () => '$-1\r\n' })
  const asked: string[] = []
  let closed = 0
  const dial = async () => ({
    ask: async (request: Json) => {
      const text = (request as string[]).join(' ')
      asked.push(text)
      return answers[text] ?? { error: `ERR ${text}` }
    },
    unusable: (why: string) => new UserError('environment', why),
    close: () => {
      closed++
    },
  })
  const read = () => readRespInitially({ recorder: recording.recorder, node: 'n1', commands }, dial)
  return { ...recording, asked, closed: () => closed, read }
}

test('the initial values of strings and hashes are read page by page, under the recorder’s own name', async () => {
  const { read, told, views, asked, closed } = await scanned(WHOLE)
  await read()
  expect(asked.filter((text) => text.startsWith('SCAN'))).toEqual(['SCAN 0 COUNT 1000', 'SCAN 7 COUNT 1000'])
  expect(told('backend')).toEqual(told())
  const ends = told().filter((line) => line.includes(' ok '))
  expect(ends.map((line) => line.slice(2))).toEqual(['ok read x="1"', 'ok read h[f]="1"', 'ok read h[g]="2"'])
  const sessions = views.client.flatMap(({ type, session }) => (type === 'invoke' ? [session] : []))
  expect(new Set(sessions)).toEqual(new Set(['the recorder, at the start']))
  expect(closed()).toBe(1)
})

test('the values at the start are read only once, even if several servers are recorded', async () => {
  const { read, asked } = await scanned(WHOLE)
  await read()
  const first = asked.length
  await read()
  expect(asked).toHaveLength(first)
})

test('hashes are not read at the start if the model has no hashes', async () => {
  const { read, asked } = await scanned(WHOLE, 'counter')
  await read()
  expect(asked.filter((text) => text.startsWith('HKEYS') || text.startsWith('HMGET'))).toEqual([])
})

test('a key with a time to live at the start of recording may expire, together with its fields', async () => {
  const { read, ask, pass, told } = await scanned(WHOLE)
  await read()
  const before = told().length
  ask('HGET h f\r\n')
  expect(
    told()
      .slice(before)
      .filter((line) => line.includes('write')),
  ).toEqual([])
  pass(5000)
  ask('HGET h g\r\n')
  expect(told().filter((line) => line.includes('invoke write'))).toEqual([expect.stringContaining('h[g]=null')])
})

test('a key with 0 ms to live at the start may expire immediately, together with its only field', async () => {
  const one = { 'SCAN 0 COUNT 1000': ['0', ['h']], 'TYPE h': 'hash', 'HKEYS h': ['f'], 'HMGET h f': ['1'], 'PTTL h': 0 }
  const { read, ask, told } = await scanned(one)
  await read()
  ask('HGET h f\r\n')
  const expiries = told().filter((line) => line.includes('invoke write'))
  expect(expiries.map((line) => line.slice(2))).toEqual(['invoke write h=null', 'invoke write h[f]=null'])
})

test.each<readonly [string, { readonly [command: string]: Json }]>([
  ['ERR SCAN 0 COUNT 1000', {}],
  ['an answer that is not understood', { 'SCAN 0 COUNT 1000': 'OK' }],
  ['an answer that is not understood', { 'SCAN 0 COUNT 1000': ['0'] }],
  ['an answer that is not understood', { 'SCAN 0 COUNT 1000': [0, []] }],
  ['ERR TYPE x', { 'SCAN 0 COUNT 1000': ['0', ['x']] }],
])('a server is refused if its values at the start cannot be read: %s', async (why, answers) => {
  const { read, closed } = await scanned(answers)
  await expect(read()).rejects.toThrow(why)
  expect(closed()).toBe(1)
})

test('a key without a time to live at the start is not marked as possibly changed if it disappears', async () => {
  const { ask, marks } = await scanned(WHOLE)
  ask('APPEND x c\r\n')
  ask('GET x\r\n')
  expect(marks()).toEqual([])
})

test('the initial value of all keys is the value in the settings, or otherwise unknown', () => {
  expect(recorded().recorder.initial).toBe('unknown')
  expect(recorded({ initial: 'read' }).recorder.initial).toBe('unknown')
  expect(recorded({ initial: { value: null } }).recorder.initial).toBeNull()
})

test('the initial values of at most 10,000 keys are read', async () => {
  const keys = Array.from({ length: 10_001 }, (_, at) => `k${at}`)
  const each = keys.flatMap((key) => [
    [`TYPE ${key}`, 'list'],
    [`PTTL ${key}`, -1],
  ])
  const { read, asked } = await scanned({ 'SCAN 0 COUNT 1000': ['7', keys], ...Object.fromEntries(each) })
  await read()
  expect(asked.filter((text) => text.startsWith('TYPE'))).toHaveLength(10_000)
})
