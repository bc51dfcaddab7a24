import { connect } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { type PageServer, startPageServer } from '../../src/server/server.ts'

const servers: PageServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

async function served(document: (path: string) => string | undefined = () => undefined): Promise<PageServer> {
  const server = await startPageServer({ listen: '127.0.0.1:0', connected: () => () => {}, document })
  servers.push(server)
  return server
}

/** Returns the first line of the reply to a request with this text. */
const replyTo = (server: PageServer, text: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1', () => socket.write(text))
    socket.on('error', reject)
    socket.once('data', (data) => {
      resolve(String(data).split('\r\n')[0] ?? '')
      socket.destroy()
    })
  })

describe('the live page server', () => {
  test.each([
    'GET // HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n',
    'GET // HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
  ])('the live page server answers requests after a request with an unreadable address: %j', async (request) => {
    const server = await served()
    expect(await replyTo(server, request)).toContain(' 400 ')
    expect((await fetch(server.url)).status).toBe(200)
  })

  test('the live page server answers requests after a report that it could not read', async () => {
    const server = await served((path) => {
      if (path !== '/report') return undefined
      throw new Error('ENOENT: report.html')
    })
    const reply = await fetch(server.addressOf('/report'))
    expect([reply.status, await reply.text()]).toEqual([500, 'ENOENT: report.html\n'])
    expect((await fetch(server.url)).status).toBe(200)
  })
})
