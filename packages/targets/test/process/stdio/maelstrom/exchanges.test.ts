import type { NodeId } from '@chaosproxy/faults'
import { type Completion, millis, nanos } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { createExchanges } from '../../../../src/stdio/maelstrom/exchanges.ts'
import type { Body, Message } from '../../../../src/stdio/maelstrom/message.ts'
import { whyNotStarted } from '../../../../src/stdio/maelstrom/node.ts'
import { rpcWorkloads } from '../../../../src/stdio/maelstrom/workloads.ts'

const n1 = 'n1' as NodeId

/** A client with one pending request. The request times out when `timeOut` is called. */
function openExchanges() {
  const sent: Message[] = []
  const trouble: string[] = []
  const completions: Completion[] = []
  const broken: string[] = []
  let ring = () => {}
  const exchanges = createExchanges({
    rpc: rpcWorkloads.find(({ name }) => name === 'unique-ids') ?? expect.fail('there is no unique-ids'),
    clock: {
      now: () => nanos(0),
      at(_, alarm) {
        ring = alarm
        return () => {}
      },
    },
    send: (_, message) => sent.push(message),
    once: (text) => trouble.push(text),
    broke: (error) => broken.push(error.message),
  })
  exchanges
    .connect(n1)
    .invoke({ input: { f: 'generate', value: null }, harmless: false }, millis(1000), (completion) =>
      completions.push(completion),
    )
  const reply = (body: Body, dest = 'c1') => exchanges.replied({ src: n1, dest, body })
  return { trouble, completions, broken, reply, timeOut: () => ring(), ...exchanges }
}

const ok = (in_reply_to: unknown): Body => ({ type: 'generate_ok', id: 7, in_reply_to: in_reply_to as number })

test.each([
  [
    'to a request that nobody made',
    ok(2),
    'c1',
    'n1 sent c1 a message whose "in_reply_to" is no "msg_id" of a request',
  ],
  ['with a text for a number', ok('1'), 'c1', 'n1 sent c1 a message whose "in_reply_to" is no "msg_id" of a request'],
  ['to no request', ok(undefined), 'c1', 'n1 sent c1 a message whose "in_reply_to" is no "msg_id" of a request'],
  ['to a client that does not exist', ok(1), 'c9', 'n1 sent a message to c9, and there is no such client'],
])('a Maelstrom reply %s is reported as trouble, and completes no request', (_, body, client, message) => {
  const { trouble, completions, reply, anyAnswered } = openExchanges()
  reply(body, client)
  expect(trouble).toEqual([expect.stringContaining(message)])
  expect(completions).toEqual([])
  expect(anyAnswered()).toBe(false)
})

test('a Maelstrom exchange reports a second reply to a request, and uses the first', () => {
  const { trouble, completions, reply } = openExchanges()
  reply(ok(1))
  reply(ok(1))
  expect(completions).toEqual([{ type: 'ok', value: 7 }])
  expect(trouble).toEqual([expect.stringContaining('n1 replied twice to the same request')])
})

test('a Maelstrom exchange tolerates a second reply while a fault duplicates client messages', () => {
  const { trouble, completions, reply, repeated } = openExchanges()
  repeated()
  reply(ok(1))
  reply(ok(1))
  expect(completions).toHaveLength(1)
  expect(trouble).toEqual([])
})

test('a Maelstrom exchange ignores a reply after the timeout without reporting trouble', () => {
  const { trouble, completions, reply, timeOut } = openExchanges()
  timeOut()
  reply(ok(1))
  expect(completions).toEqual([{ type: 'info', error: 'no answer within 1000 ms' }])
  expect(trouble).toEqual([])
})

test('a Maelstrom exchange refuses an error reply without a code', () => {
  const { broken, reply } = openExchanges()
  reply({ type: 'error', in_reply_to: 1 })
  expect(broken).toEqual([
    expect.stringContaining('n1: unique-ids: its reply is an error without a whole number "code"'),
  ])
})

test.each([
  [{ type: 'init_ok', in_reply_to: 1 }, undefined],
  [{ type: 'ok', in_reply_to: 1 }, 'answers init without "type": "init_ok"'],
  [{ type: 'init_ok' }, 'answers init without its "msg_id", 1, as "in_reply_to"'],
  [{ type: 'error', in_reply_to: 1, code: 13 }, 'answers init with an error'],
])('whyNotStarted names the mistake in the reply %j to init', (body, wrong) => {
  expect(whyNotStarted(body)).toBe(wrong)
})

test.each([
  [{ type: 'topology_ok', in_reply_to: 2 }, undefined],
  [{ type: 'error', in_reply_to: 2, code: 10 }, 'answers topology with an error'],
])('whyNotStarted explains a wrong reply to topology: %j', (body, wrong) => {
  expect(whyNotStarted(body, {})).toBe(wrong)
})
