import { describe, expect, test } from 'vitest'
import { GatheredWrite } from '../../../src/tcp/gathered-write.ts'
import { endTurn, receiveInTurn } from '../../../src/tcp/turn.ts'

/** A receiver whose reads and writes are noted in a log. Several receivers may share the log. */
function passing(log: string[], name: string, write = (_: Buffer) => true) {
  const gathered = new GatheredWrite((bytes) => {
    log.push(`${name} wrote ${bytes}`)
    return write(bytes)
  })
  const receive = (bytes: Buffer): void => {
    log.push(`${name} read ${bytes}`)
    if (!gathered.take(bytes)) throw new Error('not in a turn')
  }
  return { gathered, receive }
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve))

describe('a turn of the event loop in the proxy', () => {
  test('a turn of the event loop handles all reads in order, and then all writes', async () => {
    const log: string[] = []
    const [a, b] = [passing(log, 'a'), passing(log, 'b')]
    receiveInTurn(a.receive, Buffer.from('1'), false)
    receiveInTurn(b.receive, Buffer.from('2'), false)
    expect(log).toEqual([])
    await nextTurn()
    expect(log).toEqual(['a read 1', 'b read 2', 'a wrote 1', 'b wrote 2'])
  })

  test('all bytes for one socket in a turn are combined into one write, in order', () => {
    const log: string[] = []
    const { receive } = passing(log, 'a')
    for (const text of ['1', '2', '3']) receiveInTurn(receive, Buffer.from(text), false)
    endTurn()
    expect(log.filter((line) => line.includes('wrote'))).toEqual(['a wrote 123'])
  })

  test('the proxy writes the bytes of a read only once if endTurn() ends the turn of the event loop early', async () => {
    const log: string[] = []
    const { receive } = passing(log, 'a')
    receiveInTurn(receive, Buffer.from('1'), false)
    endTurn()
    log.push('end')
    await nextTurn()
    expect(log).toEqual(['a read 1', 'a wrote 1', 'end'])
  })

  test('gathered bytes are written before an urgent action such as a reset', () => {
    const log: string[] = []
    const { gathered } = passing(log, 'a')
    const receive = (bytes: Buffer): void => {
      gathered.take(bytes)
      gathered.writeNow()
      log.push('reset')
    }
    receiveInTurn(receive, Buffer.from('1'), false)
    endTurn()
    expect(log).toEqual(['a wrote 1', 'reset'])
  })

  test('bytes from a borrowed buffer are written as received, even if the buffer changes in the meantime', () => {
    const log: string[] = []
    const { receive } = passing(log, 'a')
    const borrowed = Buffer.from('1')
    receiveInTurn(receive, borrowed, true)
    borrowed.write('2')
    receiveInTurn(receive, borrowed, true)
    borrowed.write('3')
    endTurn()
    expect(log.at(-1)).toBe('a wrote 12')
  })

  test('the proxy does not overwrite bytes that a slow receiver has not taken', () => {
    const waiting: Buffer[] = []
    const { receive } = passing([], 'a', (bytes) => {
      waiting.push(bytes)
      return false
    })
    for (const text of ['1', '2', '3']) {
      receiveInTurn(receive, Buffer.from(text), true)
      endTurn()
    }
    expect(waiting.map(String)).toEqual(['1', '2', '3'])
  })

  test('200 reads of 4,096 bytes in one turn do not overwrite the bytes of each other', () => {
    const sizes: number[] = []
    const receive = (bytes: Buffer) => void sizes.push(bytes.filter((byte) => byte === bytes[0]).length)
    for (let i = 0; i < 200; i++) receiveInTurn(receive, Buffer.alloc(4096, i), true)
    endTurn()
    expect(sizes).toEqual(Array.from({ length: 200 }, () => 4096))
  })

  test('GatheredWrite.take() returns false outside a turn of the event loop in the proxy', () => {
    expect(passing([], 'a').gathered.take(Buffer.from('1'))).toBe(false)
  })
})
