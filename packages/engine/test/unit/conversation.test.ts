import { EventEmitter } from 'node:events'
import { expect, test } from 'vitest'
import { converse } from '../../src/queue/load/conversation.ts'
import type { Client } from '../../src/queue/packages.ts'

/**
 * A connection to Redis whose messages the test controls: with a real one, the moment between reading and delivering a
 * message cannot be chosen.
 */
class Arriving extends EventEmitter {
  subscribe = async (): Promise<void> => {}
  disconnect(): void {}
}

test('a message that arrives while a conversation closes is ignored', async () => {
  const connections = [new Arriving(), new Arriving()]
  const [, listener] = connections
  let next = 0
  const connect = (): Client => connections[next++] as unknown as Client
  const conversation = await converse(connect, { run: 'r', worker: 0, as: 'worker' })
  const heard: string[] = []
  conversation.hear((message) => heard.push(message))
  listener?.emit('message', 'beats', 'first')
  conversation.close()
  listener?.emit('message', 'beats', 'second')
  expect(heard).toEqual(['first'])
})
