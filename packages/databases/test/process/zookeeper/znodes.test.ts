import { expect, test } from 'vitest'
import { boolean, int, long, text } from '../../../../wire/src/jute/index.ts'
import type { Asking } from '../../../src/zookeeper/client/session.ts'
import { childrenOf, createSequential, setWhile } from '../../../src/zookeeper/client/znodes.ts'

/** A server that answers every request with this record. */
const answering = (...members: readonly Buffer[]): Asking => ({
  ask: async () => Buffer.concat(members),
  remainingMs: () => 1_000,
  pause: async () => true,
})

const step = (operation: number, error: number): Buffer => Buffer.concat([int(operation), boolean(false), int(error)])
const failed = (code: number): Buffer => Buffer.concat([step(-1, code), int(code)])
const end = Buffer.concat([int(-1), boolean(true), int(-1)])
const [CHECK, SET_DATA, NO_NODE, NOT_TRIED] = [13, 5, -101, -2]

const change = (asking: Asking) => setWhile(asking, '/chaos/x/lock-1', { path: '/chaos/x', value: 1 })

test('a ZooKeeper transaction sets a node if the node that it checks exists', async () => {
  expect(await change(answering(step(CHECK, 0), step(SET_DATA, 0), Buffer.alloc(68), end))).toBeInstanceOf(Buffer)
})

test.each([
  ['the other node is gone', [failed(NO_NODE), failed(NOT_TRIED)]],
  ['the node itself is gone', [failed(0), failed(NO_NODE)]],
])('a ZooKeeper transaction fails with NoNode if %s', async (_, steps) => {
  expect(await change(answering(...steps, end))).toEqual({ type: 'fail', error: '-101 NoNode', code: NO_NODE })
})

test('a ZooKeeper transaction has an unknown outcome if its reply ends early', async () => {
  expect(await change(answering(int(-1)))).toMatchObject({ type: 'info' })
})

test('createSequential returns the path and the creation zxid of a ZooKeeper node', async () => {
  const created = await createSequential(
    answering(text('/chaos/x/lock-0000000007'), long(0x1_0000_0002n)),
    '/chaos/x/lock-',
  )
  expect(created).toEqual({ path: '/chaos/x/lock-0000000007', zxid: 0x1_0000_0002 })
})

test('a ZooKeeper reply with fewer children than it announces is refused', async () => {
  expect(await childrenOf(answering(int(2), text('a'), text('b')), '/chaos/x')).toEqual(['a', 'b'])
  expect(await childrenOf(answering(int(2), text('a')), '/chaos/x')).toMatchObject({ type: 'fail' })
})
