import { millis } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { defineMachine, type MachineEvent, type Turn } from '../../src/index.ts'

/** Counts messages, and keeps the count on its disk. */
interface Counter {
  readonly config: { readonly step: number }
  readonly state: { readonly id: string; count: number; heard: string[] }
  readonly message:
    | { readonly type: 'add'; readonly by: number }
    | { readonly type: 'greet' | 'part'; readonly name: string }
  readonly record: number
  readonly timer: 'tick' | `wait ${string}`
}

const greeted = ({ state }: Turn<Counter>, { type, name }: { type: string; name: string }, from: string) =>
  state.heard.push(`${type} ${name} from ${from}`)

const createCounter = defineMachine<Counter>({
  initial: ({ id }) => ({ id, count: 0, heard: [] }),
  redo: ({ state }, count) => {
    state.count = count
  },
  begin(turn, journal) {
    turn.setTimer('tick', millis(10))
    turn.log(`has ${journal.length} records`)
  },
  request(turn, { requestId, input }) {
    turn.send(String(input.key), { type: 'add', by: turn.config.step })
    turn.reply(requestId, { type: 'ok', value: turn.state.count })
  },
  messages: {
    add(turn, { by }) {
      turn.state.count += by
      turn.persist(turn.state.count)
    },
    greet: greeted,
    part: greeted,
  },
  timers: {
    tick: ({ state }) => state.heard.push('tick'),
    wait: ({ state }, whom) => state.heard.push(`waited for ${whom}`),
  },
  before: ({ state }) => state.heard.push('before'),
  after: (turn) => turn.mark(),
  status: ({ count }) => ({ role: `counter at ${count}`, leads: false }),
})

const setting = { id: 'n1', peers: ['n2'], seed: 1 }
const machine = createCounter({ step: 3 })
const begun = (journal: readonly number[] = []) => machine.start(setting, journal, millis(5)).state
const stepped = (event: unknown, state = begun()) =>
  machine.step(state, event as MachineEvent<Counter['message']>, millis(7), millis(8))
const requestOf = (key: string) => ({ type: 'request', requestId: 'r', input: { f: 'write', key, value: 1 } })

test('a restarted node applies the records of its journal before its first effects', () => {
  const { state, effects } = machine.start(setting, [1, 4], millis(5))
  expect(machine.status(state)).toEqual({ role: 'counter at 4', leads: false })
  expect(effects).toEqual([
    { type: 'setTimer', timer: 'tick', afterMs: 10 },
    { type: 'log', text: 'has 2 records' },
  ])
})

test('a message from a node to itself is handled within the step, before the later effects of the step', () => {
  expect(stepped(requestOf('n1')).effects).toEqual([
    { type: 'persist', record: 3 },
    { type: 'reply', requestId: 'r', result: { type: 'ok', value: 3 } },
    { type: 'mark' },
  ])
})

test('a message to another node is returned as a "send" effect, and may depend on the options of the protocol', () => {
  expect(stepped(requestOf('n2')).effects[0]).toEqual({ type: 'send', to: 'n2', message: { type: 'add', by: 3 } })
  const other = createCounter({ step: 5 })
  expect(other.step(begun(), requestOf('n2') as never, millis(7), millis(8)).effects[0]).toEqual({
    type: 'send',
    to: 'n2',
    message: { type: 'add', by: 5 },
  })
})

test('each message is passed to the handler of its type, together with its sender', () => {
  const { state } = stepped({ type: 'message', from: 'n2', message: { type: 'part', name: 'Ann' } })
  expect(state.heard).toEqual(['before', 'part Ann from n2'])
})

test.each(['nonsense', 'toString', '__proto__', 'length'])('a message of the unknown type %s is ignored', (type) => {
  const { state, effects } = stepped({ type: 'message', from: 'n2', message: { type } })
  expect([state.heard, effects]).toEqual([['before'], [{ type: 'mark' }]])
})

test('the first word of a timer selects its handler', () => {
  expect(stepped({ type: 'timer', timer: 'wait Ann of n2' }).state.heard).toEqual(['before', 'waited for Ann of n2'])
  expect(stepped({ type: 'timer', timer: 'tick' }).state.heard).toEqual(['before', 'tick'])
})

test.each(['tock', 'tock now', 'toString'])(
  'an event of the timer "%s", which has no handler, is refused with the name of the timer',
  (timer) => {
    expect(() => stepped({ type: 'timer', timer })).toThrow(`no timer "${timer}": those with a handler are tick,wait`)
  },
)

test('a missing handler, a handler of an undeclared message and an undeclared timer are type errors', () => {
  const parts = {
    initial: ({ id }: { id: string }) => ({ id, count: 0, heard: [] }),
    request: () => {},
    status: () => ({ role: 'counter', leads: false }),
  }
  const timers = { tick: () => {}, wait: () => {} }
  const messages = { add: () => {}, greet: () => {}, part: () => {} }
  // @ts-expect-error: `part` is missing.
  defineMachine<Counter>({ ...parts, timers, messages: { add: () => {}, greet: () => {} } })
  // @ts-expect-error: nobody sends `leave`.
  defineMachine<Counter>({ ...parts, timers, messages: { ...messages, leave: () => {} } })
  // @ts-expect-error: `wait` is missing.
  defineMachine<Counter>({ ...parts, timers: { tick: () => {} }, messages })
  defineMachine<Counter>({
    ...parts,
    timers,
    messages,
    // @ts-expect-error: there is no timer `tock`.
    begin: (turn) => turn.setTimer('tock', millis(1)),
  })
})
