import { describe, expect, test } from 'vitest'
import { cleanUp } from '../../../../testing/src/sockets.ts'
import { connectWithin, goOnTo } from '../../../src/socket/inner-socket.ts'

function connected() {
  const ends = connectWithin()
  cleanUp(() => void ends.client.destroy())
  return ends
}

/** Collects the events of one end of the connection, in order. */
function eventsOf(end: { on(name: string, listener: (value?: unknown) => void): unknown }): string[] {
  const events: string[] = []
  end.on('data', (bytes) => void events.push(String(bytes)))
  end.on('end', () => void events.push('end'))
  end.on('error', (error) => void events.push((error as NodeJS.ErrnoException).code ?? ''))
  end.on('close', (isBroken) => void events.push(isBroken === true ? 'broken' : 'closed'))
  return events
}

const laterTurns = async () => {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve))
}

describe('a connection within the process', () => {
  test('each in-process connection has a different client port', () => {
    const [first, second] = [connected(), connected()]
    expect(second.accepted.remotePort).toBe((first.accepted.remotePort ?? 0) + 1)
  })

  test('an in-process connection delivers bytes in a later turn, even if their memory is reused', async () => {
    const { client, accepted } = connected()
    const [asked, replied] = [eventsOf(accepted), eventsOf(client)]
    const memory = Buffer.from('ask')
    client.write(memory)
    memory.fill(0)
    accepted.write('reply')
    expect([asked, replied]).toEqual([[], []])
    await laterTurns()
    expect([asked, replied]).toEqual([['ask'], ['reply']])
  })

  test('an in-process connection delivers bytes together that were written together', async () => {
    const { client, accepted } = connected()
    const asked = eventsOf(accepted)
    client.cork()
    client.write('a')
    client.write('b')
    client.uncork()
    await laterTurns()
    expect(asked).toEqual(['ab'])
  })

  test('an in-process connection pauses a writer while the reader has no room', async () => {
    const { client, accepted } = connected()
    let written = 0
    const sizeBytes = accepted.readableHighWaterMark
    client.write(Buffer.alloc(sizeBytes), () => written++)
    await laterTurns()
    expect([written, client.writableLength]).toEqual([0, sizeBytes])
    accepted.resume()
    await laterTurns()
    expect([written, client.writableLength]).toEqual([1, 0])
  })

  test('destroying the reader of an in-process connection releases a waiting writer', async () => {
    const { client, accepted } = connected()
    const replied = eventsOf(client)
    let written = 0
    client.write(Buffer.alloc(accepted.readableHighWaterMark), () => written++)
    await laterTurns()
    accepted.destroy()
    await laterTurns()
    expect([written, replied]).toEqual([1, ['end', 'closed']])
  })

  test('the accepted end of an in-process connection can reply after the client ends; its own end() closes both', async () => {
    const first = connected()
    const [asked, replied] = [eventsOf(first.accepted), eventsOf(first.client)]
    first.client.end('ask')
    await laterTurns()
    expect([asked, replied]).toEqual([['ask', 'end'], []])
    first.accepted.end('reply')
    await laterTurns()
    expect([asked, replied]).toEqual([
      ['ask', 'end', 'closed'],
      ['reply', 'end', 'closed'],
    ])
    const second = connected()
    const [silent, ended] = [eventsOf(second.accepted), eventsOf(second.client)]
    second.accepted.end()
    await laterTurns()
    expect([silent, ended]).toEqual([
      ['end', 'closed'],
      ['end', 'closed'],
    ])
  })

  test('resetting one end of an in-process connection resets the other end after it has read the earlier bytes', async () => {
    const { client, accepted } = connected()
    const [asked, replied] = [eventsOf(accepted), eventsOf(client)]
    accepted.write('reply')
    accepted.resetAndDestroy()
    await laterTurns()
    expect([asked, replied]).toEqual([['closed'], ['reply', 'ECONNRESET', 'broken']])
    expect(client.errored).toMatchObject({ message: 'read ECONNRESET', errno: -104, syscall: 'read' })
  })

  test('destroying one end of an in-process connection ends the other end, and resets it at its next write', async () => {
    const { client, accepted } = connected()
    const asked = eventsOf(accepted)
    client.destroy()
    await laterTurns()
    expect(asked).toEqual(['end'])
    accepted.write('reply')
    await laterTurns()
    expect(asked).toEqual(['end', 'ECONNRESET', 'broken'])
  })

  test('destroySoon delivers the bytes that were written earlier', async () => {
    const { client, accepted } = connected()
    const [asked, replied] = [eventsOf(accepted), eventsOf(client)]
    accepted.write('reply')
    accepted.destroySoon()
    await laterTurns()
    expect([asked, replied]).toEqual([['closed'], ['reply', 'end', 'closed']])
    const ended = connected()
    const heard = eventsOf(ended.client)
    ended.accepted.end('reply')
    await laterTurns()
    ended.accepted.destroySoon()
    await laterTurns()
    expect([heard, ended.accepted.destroyed]).toEqual([['reply', 'end', 'closed'], true])
  })

  test('ref and unref of an in-process client also apply to the connection that is dialled for it', () => {
    const { client, accepted } = connected()
    const calls: string[] = []
    const onward = { ref: () => calls.push('ref'), unref: () => calls.push('unref') }
    const asSocket = client as unknown as typeof accepted
    goOnTo(accepted, onward as unknown as typeof accepted)
    expect(calls).toEqual([])
    expect(asSocket.unref()).toBe(client)
    expect(asSocket.ref()).toBe(client)
    expect(calls).toEqual(['unref', 'ref'])
    const idle = connected()
    ;(idle.client as unknown as typeof accepted).unref()
    goOnTo(idle.accepted, onward as unknown as typeof accepted)
    expect(calls).toEqual(['unref', 'ref', 'unref'])
  })
})
